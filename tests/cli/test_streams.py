"""Streams: pipes that close, devices that are full, terminals and what is not for them."""

import io
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

# Where it is set, output is never buffered, and fails elsewhere.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
BNSTAT = f"{shlex.quote(sys.executable)} -m bnstat"


@pytest.fixture
def shell(here):
    """Run a line of shell, in which $BNSTAT is the command."""

    def run(line, **keywords):
        line = line.replace("$BNSTAT", BNSTAT)
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=here,
            capture_output=True,
            text=True,
            timeout=60,
            **{"env": ENVIRONMENT} | keywords,
        )

    return run


@pytest.fixture
def terminal(here, python):
    """Run a command line with stdout or stderr on a terminal; return status and what it shows."""

    def run(stream, *arguments, env=()):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))  # of no columns, the bar would not be shown
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | {stream: theirs}
        result = python(
            "-m",
            "bnstat",
            *arguments,
            env={"TERM": "xterm", **dict(env)},
            capture_output=False,
            **pipes,
        )
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the terminal has been left
                break
            if not part:
                break
            shown += part
        os.close(ours)
        return result, shown.decode()

    return run


def test_whole_pipeline(shell, photos):
    """find, compute and export work together through pipes; Python runs what comes out."""
    result = shell(
        f"find {photos} -iname '*.jp*g' -print0 | $BNSTAT compute --files-from - -0 -o - "
        "| $BNSTAT export - --format normalize"
    )
    assert result.returncode == 0
    assert re.fullmatch(r"3 images in .* images/s\n", result.stderr)
    names = {}
    exec(result.stdout, names)
    assert type(names["normalize"].transforms[-1]).__name__ == "Normalize"


@pytest.mark.parametrize(
    "command", ["compute tiny", "compute tiny -o -", "--help", "export --help"]
)
def test_closed_pipe_is_the_end_without_a_word(shell, command):
    """Nobody reads on: the command ends by SIGPIPE, or was done, and says nothing of it."""
    result = shell(f"$BNSTAT {command} | true; exit ${{PIPESTATUS[0]}}")
    assert result.returncode in (0, 128 + signal.SIGPIPE)
    assert re.fullmatch(r"(2 images in .* images/s\n)?", result.stderr)


def test_head_of_a_table(shell):
    """The first line can be had alone."""
    result = shell("$BNSTAT compute tiny | head -1")
    assert result.stdout.startswith("tiny: 2 images") and "Error" not in result.stderr


@pytest.mark.parametrize("command", ["compute tiny", "compute tiny -o -", "compute tiny -o - -q"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_device(shell, command):
    """Where stdout cannot be written, that is an error, said once."""
    result = shell(f"$BNSTAT {command} > /dev/full")
    assert result.returncode == 4
    lines = [line for line in result.stderr.splitlines() if "images/s" not in line]
    assert lines == ["bnstat: cannot write: No space left on device"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_device_beside_failed_images(shell):
    """That the document is lost says more than status 3; without a histogram, it fits a buffer."""
    images = r"printf 'P5 1 2 65535\n\0\1\0\2' > deep.pgm; : > empty.png"
    result = shell(f"{images}; $BNSTAT compute deep.pgm empty.png -q --mode L -o - > /dev/full")
    assert result.returncode == 4
    assert result.stderr.splitlines()[-1] == "bnstat: cannot write: No space left on device"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_device_by_name(shell):
    """The same with -o."""
    result = shell("$BNSTAT compute tiny -o /dev/full")
    assert (result.returncode, result.stdout) == (4, "")
    assert result.stderr == "bnstat: cannot write /dev/full: No space left on device\n"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("$BNSTAT compute tiny -q >&-", 0),
        ("$BNSTAT compute tiny -q 2>&-", 0),
        ("$BNSTAT compute tiny -q <&-", 0),
        ("$BNSTAT compute nowhere 2>&-", 4),
        ("$BNSTAT compute --files-from - <&-", 4),
    ],
)
def test_closed_streams(shell, line, status):
    """A stream that is closed from the start matters only to who needs it."""
    result = shell(line)
    assert result.returncode == status
    assert "Traceback" not in result.stderr and "bug" not in result.stderr


def test_errors_that_nobody_reads(shell):
    """An error keeps its status where stderr is a pipe that has been closed."""
    result = shell("$BNSTAT compute nowhere 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}")
    assert result.returncode in (4, 128 + signal.SIGPIPE)


def test_binary_is_not_for_a_terminal(compute, terminal, photos):
    """A state_dict is not written to a terminal."""
    compute(str(photos))
    result, shown = terminal("stdout", "export", "--format", "state_dict", "-o", "-")
    assert (result.returncode, shown) == (4, "")
    assert result.stderr == (
        "bnstat: state_dict is binary and not for a terminal; name a file with -o\n"
    )


def test_binary_goes_off_a_terminal(here, bnstat, compute, photos, monkeypatch):
    """Where asked for, a state_dict is written to standard output as to a file."""
    compute(photos)
    assert bnstat("export", "--format", "state_dict").status == 0
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    assert bnstat("export", "--format", "state_dict", "-o", "-").status == 0
    assert sys.stdout.buffer.getvalue() == (here / "bnstat.pt").read_bytes()


def test_table_on_a_terminal(terminal):
    """On a terminal the table has the same figures, in color, and a panel above it."""
    result, shown = terminal("stdout", "compute", "tiny")
    assert result.returncode == 0
    assert "\x1b[" in shown
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "mean   0.500000   0.200000   0.200000" in plain
    assert plain.startswith("╭─ tiny ─")


@pytest.mark.parametrize(
    ("options", "env", "color"),
    [
        (("--no-color",), {}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        (("--color",), {}, True),
        ((), {"TERM": "dumb"}, False),
    ],
    ids=["--no-color", "NO_COLOR", "NO_COLOR empty", "--color", "dumb"],
)
def test_color_on_a_terminal(compute, monkeypatch, options, env, color):
    """--no-color and NO_COLOR, when not empty, are obeyed."""
    for name, value in ({"TERM": "xterm"} | env).items():
        monkeypatch.setenv(name, value)
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stdout", terminal)
    compute("tiny", *options)
    assert ("\x1b[" in terminal.getvalue()) == color
    assert "0.500000" in terminal.getvalue()


@pytest.mark.parametrize(
    ("options", "env", "color"),
    [((), {}, False), (("--color",), {}, True), ((), {"NO_COLOR": "1"}, False)],
    ids=["plain", "--color", "NO_COLOR"],
)
def test_color_off_a_terminal(compute, monkeypatch, options, env, color):
    """Off a terminal output is plain, unless color is asked for."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in compute("tiny", *options).out) == color


def test_progress_on_a_terminal(terminal, here, endless):
    """The bar is shown on a terminal by default, and is gone when the run is over."""
    (here / "names").write_text("".join(f"{endless}/{i:04}.jpg\n" for i in range(60)))
    arguments = ("compute", "--files-from", "names", "--workers", "1", "-o", "names.json")
    result, shown = terminal("stderr", *arguments)
    bar, links, summary = shown.partition("59 images are links")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", bar)
    assert links and "60 images in " in summary
    assert re.search(r"\d+/60 images, [\d,]+/s", plain)
    assert bar.removesuffix("\x1b[33m").endswith("\x1b[2K")  # the line is cleared
    assert result.stdout.startswith("names: 60 images")
    _, without = terminal("stderr", "compute", "tiny", "--no-progress")
    assert re.fullmatch(r"2 images in .* images/s\r\n", without)
