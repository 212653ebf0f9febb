"""The command line as a whole: help, versions, imports, exit statuses."""

import re
import shlex
from importlib.metadata import entry_points

import click
import pytest

from bnstat import __version__
from bnstat.cli import main
from bnstat.cli.app import COMMANDS, app
from bnstat.cli.help import _COMMON, EXAMPLES, GROUPS


def commands():
    context = click.Context(app)
    return {name: app.get_command(context, name) for name in app.list_commands(context)}


def test_installed_command():
    """`bnstat` and `python -m bnstat` are the same."""
    (script,) = entry_points(group="console_scripts", name="bnstat")
    assert script.load() is main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name):
    """A command has a summary for the list, and a text of its own."""
    command = commands()[name]
    assert command.name == name
    assert len(command.get_short_help_str(limit=80)) > 20
    assert command.help.strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    """No option of any command is without help."""
    options = [p for p in commands()[name].params if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", [(), *((name,) for name in COMMANDS)], ids=" ".join)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help(bnstat, name, flag):
    """Help goes to stdout, and is a success."""
    result = bnstat(*name, flag)
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("Usage: ")
    for line in result.out.splitlines():
        assert len(line) <= 100


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_on_a_screen(bnstat, name, monkeypatch):
    """Examples first; the commonest options in groups, at most 60 lines of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = bnstat(name, "--help").out.splitlines()
    assert lines[2:5] == ["Examples:", *(f"  {example}" for example in EXAMPLES[name])]
    assert len(lines) <= 60 and max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_all_help_has_every_option_once(bnstat, name):
    """--help-all shows what --help leaves out, below flush-left headings that end in a colon."""
    command = commands()[name]
    if not command.has_more:
        assert bnstat(name, "--help-all").status == 2
        return
    out = bnstat(name, "--help-all").out
    for option in (p for p in command.params if isinstance(p, click.Option) and not p.hidden):
        assert len(re.findall(rf"^  (?:-\S, )?{option.opts[-1]}\b(?!-)", out, re.MULTILINE)) == 1
    headings = [line for line in out.splitlines()[2:] if line and line[0] != " "]
    assert headings and all(line.endswith(":") for line in headings)
    assert len(out.splitlines()) > len(bnstat(name, "--help").out.splitlines())


def test_groups_name_options_that_there_are():
    """What the headings are given is an option of some command."""
    known = {option.name for command in commands().values() for option in command.params}
    assert {name for names in GROUPS.values() for name in names} <= known
    assert known >= _COMMON


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_command_lines(name):
    """What the help shows is understood."""
    for example in EXAMPLES[name]:
        program, command, *arguments = shlex.split(example.partition(" > ")[0])
        assert (program, command) == ("bnstat", name)
        commands()[name].make_context(name, arguments)


def test_version(bnstat):
    """The version is the literal one."""
    result = bnstat("--version")
    assert (result.status, result.out) == (0, f"bnstat {__version__}\n")


@pytest.mark.uncovered
@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("compute", "--help")])
def test_start_imports_nothing_heavy(process, python, arguments):
    """What only shows text imports neither torch, numpy, Pillow nor rich."""
    result = python("-X", "importtime", "-m", "bnstat", *arguments)
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "bnstat.cli.app" in imported
    heavy = {"torch", "torchvision", "numpy", "PIL", "rich", "tqdm", "multiprocessing"}
    assert imported & heavy == set()


def test_no_command(bnstat):
    """Without a command it is said how to go on; nothing is on stdout."""
    result = bnstat()
    assert (result.status, result.out) == (2, "")
    assert "compute" in result.err
    assert not result.err.startswith("bnstat: Usage: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("comptue",),
        ("--verison",),
        ("compute", "--moed", "L", "tiny"),
        ("compute", "tiny", "--seed", "x"),
        ("export", "--format", "pytorch"),
        ("export", "--method", "median"),
        ("export", "a.json", "b.json"),
        ("export", "--format", "normalize", "--prefix", "x."),
        ("export", "--format", "normalize", "--no-affine"),
        ("export", "--format", "normalize", "--absorb-eps", "1e-5"),
    ],
    ids=" ".join,
)
def test_malformed_command_line(bnstat, here, arguments):
    """It is status 2, with two lines on stderr: what is wrong, and where help is."""
    result = bnstat(*arguments)
    assert (result.status, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert first.startswith("bnstat: ") and len(first) > 20
    name = arguments[0] if arguments[0] in COMMANDS else ""
    assert second == f"Try: bnstat {name} --help".replace("  ", " ")


def test_debug_shows_where_an_error_came_from(bnstat):
    """With --debug the traceback stands before the error."""
    result = bnstat("--debug", "compute", "nowhere")
    assert result.status == 4
    assert result.err.startswith("Traceback (most recent call last):")
    assert result.err.endswith("bnstat: no folder or file nowhere; check the path\n")
    assert "Traceback" not in bnstat("compute", "nowhere").err


def test_a_bug_is_status_70(bnstat, monkeypatch):
    """What is no error of the user's is said to be a bug, in two lines."""

    def broken(*sources, **options):
        raise LookupError("oh")

    monkeypatch.setattr("bnstat.verbs.compute.compute", broken)
    result = bnstat("compute", "tiny")
    assert (result.status, result.out) == (70, "")
    first, second = result.err.splitlines()
    assert first == "bnstat: this is a bug in bnstat: LookupError: oh"
    assert re.search("report", second)


def test_an_error_that_is_its_own_cause(in_process, here, monkeypatch):
    """Libraries can make causes a circle; it ends as any other error."""
    import bnstat

    def fail(*_, **__):
        one, other = OSError("one"), ValueError("other")
        one.__cause__, other.__cause__ = other, one
        raise other

    monkeypatch.setattr(bnstat, "compute", fail)
    monkeypatch.setattr("bnstat.verbs.compute.compute", fail)

    assert in_process("compute", "tiny").status == 70
