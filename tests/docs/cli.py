"""Print docs/cli.md: `python tests/docs/cli.py > docs/cli.md`."""

import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import click

from bnstat.cli.app import COMMANDS, app
from bnstat.cli.help import GROUPS

_HEAD = """\
# The command line

Every command and option, exit statuses, and completion. Generated from `--help-all` by
`python tests/docs/cli.py > docs/cli.md`.

Data goes to stdout, everything else to stderr. A SOURCE is a folder, a file, an
archive, a URL or a pattern. `-` is stdin or stdout. `-h` is `--help`. `NO_COLOR` is obeyed.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | `compare --fail-over TOL`: a mean or std differs more; `--fail` of `duplicates`, `explain` |
| 2 | a malformed command line |
| 3 | done and written, but more than `--max-failures` images could not be measured |
| 4 | any other error: nothing to measure, all failed, a file that cannot be read or written |
| 70 | a bug |

Ctrl-C ends it at once, by the signal; so does a closed pipe, silently. An error is one or two
lines; `bnstat --debug COMMAND` adds the traceback. Options of several commands are described once,
below; each command names those that it has. What is not given to `compare` and the like comes from
the result that they start from.

## Completion

A shell completes commands, options, presets, transforms and formats once its start file has a line:

| shell | file | line |
|---|---|---|
| bash | `~/.bashrc` | `eval "$(_BNSTAT_COMPLETE=bash_source bnstat)"` |
| zsh | `~/.zshrc` | `eval "$(_BNSTAT_COMPLETE=zsh_source bnstat)"` |
| fish | `~/.config/fish/config.fish` | `_BNSTAT_COMPLETE=fish_source bnstat \\| source` |
"""


def page() -> str:
    """Return the whole page: what several commands share, then each command with the rest."""
    root = click.Context(app, info_name="bnstat", terminal_width=100, **app.context_settings)
    options = {name: dict(_options(root, name)) for name in COMMANDS}
    shared = _shared(list(options.values()))
    sections = [_section("bnstat", app.get_help(root)), _section(_TITLE, _common(shared))]
    sections += [
        _section(f"bnstat {name}", _own(root, name, options[name], shared)) for name in COMMANDS
    ]
    return _HEAD + "".join(sections)


# What an option is called, and what it does, without its default.
Key: TypeAlias = tuple[str, str]
_TITLE = "Common options"


class Shown(NamedTuple):
    """An option, and its line of help."""

    option: click.Option
    record: tuple[str, str]


def _options(root: click.Context, name: str) -> Iterator[tuple[Key, Shown]]:
    """Yield the options of a command."""
    command = app.get_command(root, name)
    context = click.Context(command, info_name=name, parent=root)
    for option in command.get_params(context):
        record = option.get_help_record(context) if isinstance(option, click.Option) else None
        if record is not None and not {"--help", "--help-all"} & {*option.opts}:
            yield (record[0], record[1].partition("  [default:")[0]), Shown(option, record)


def _shared(commands: Sequence[Mapping[Key, Shown]]) -> dict[Key, Shown]:
    """Return the options that two commands or more have, with the default of the first."""
    known = [key for options in commands for key in options]
    every = ((key, shown) for options in reversed(commands) for key, shown in options.items())
    return {key: shown for key, shown in every if known.count(key) > 1}


def _common(shared: Mapping[Key, Shown]) -> str:
    """Return the options that commands share, in the groups of their helps."""
    formatter = click.HelpFormatter(max_width=100, width=100)
    titles = {name: title for title, names in GROUPS.items() for name in names}
    for group in GROUPS:
        records = [r for o, r in shared.values() if titles.get(str(o.name), "Output") == group]
        if records:
            with formatter.section(group):
                formatter.write_dl(records)
    return formatter.getvalue().strip("\n")


def _own(
    root: click.Context, name: str, options: Mapping[Key, Shown], shared: Mapping[Key, Shown]
) -> str:
    """Return the help of a command with the options that it alone has, and names of the rest."""
    command = app.get_command(root, name)
    context = click.Context(command, info_name=name, parent=root, terminal_width=100)
    formatter = context.make_formatter()
    command.format_usage(context, formatter)
    command.format_help_text(context, formatter)
    if own := [shown.record for key, shown in options.items() if key not in shared]:
        with formatter.section("Options"):
            formatter.write_dl(own)
    if common := [shown.option.opts[-1] for key, shown in options.items() if key in shared]:
        with formatter.section(_TITLE):
            wrapped = textwrap.wrap(" ".join(common), 98, break_on_hyphens=False)
            formatter.write("".join(f"  {line}\n" for line in wrapped))
    return formatter.getvalue().strip("\n")


def _section(title: str, text: str) -> str:
    return f"\n## {title}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    sys.stdout.write(page())
