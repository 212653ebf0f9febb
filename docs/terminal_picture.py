"""What a terminal shows of a bnstat command, as an SVG picture."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

COLUMNS = 100


def screen(command: str, folder: Path, *, messages: bool = True) -> str:
    """Return what a terminal shows of a bnstat command that runs in a folder, as SVG.

    Without `messages`, only what is on stdout: the same text each time, as timings are on stderr.
    """
    stderr, stdout = _run(command, folder)
    printed = stderr + stdout if messages else stdout
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(printed))
    return console.export_svg(title="bnstat", theme=SVG_EXPORT_THEME, code_format=_plain_format())


def _run(command: str, folder: Path) -> tuple[str, str]:
    """Run a command with a terminal as its standard output; return its stderr and stdout."""
    program, *arguments = shlex.split(command)
    if program != "bnstat":
        raise ValueError(f"{command}: only bnstat's own commands are shown")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "bnstat", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        stdout = _read(ours)
        assert process.stderr is not None
        stderr = process.stderr.read().decode()
    if process.wait() not in (0, 1, 3):  # done, or with differences or failures to show
        raise RuntimeError(f"{command} ended with status {process.returncode}: {stderr}")
    return stderr, stdout


def _read(terminal: int) -> str:
    """Return all that is written to a terminal until its other end is closed."""
    data = b""
    while True:
        try:
            piece = os.read(terminal, 1 << 16)
        except OSError:  # how Linux tells of the end
            piece = b""
        if not piece:
            os.close(terminal)
            return data.decode().replace("\r\n", "\n")
        data += piece


def _plain_format() -> str:
    """Return rich's SVG template without the web fonts that it would have a browser fetch."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    return re.sub(r"@font-face {{.*?}}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
