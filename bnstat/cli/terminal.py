"""Reports on a terminal: as wide as that is, with color where it guides."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click

from bnstat.reports import Block, Line, layout

WIDEST = 120

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "title": {"bold": True},
    "answer": {"bold": True, "fg": "green"},
    "good": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "bad": {"fg": "red"},
    "command": {"fg": "cyan"},
}


def show(blocks: Sequence[Block], color: bool | None) -> None:
    """Print a report on stdout; off a terminal it is plain, and a sentence is one line."""
    width = min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else None
    for line in layout(blocks, width):
        print_line(line, color)


def print_line(line: Line, color: bool | None, *, err: bool = False) -> None:
    """Print a line in the style of its tone, on stdout or stderr."""
    colored = _is_colored(sys.stderr if err else sys.stdout, color) and line.text
    text = click.style(line.text, **_STYLES[line.tone]) if colored else line.text
    click.echo(text, err=err, color=True)


def _is_colored(stream: TextIO, wanted: bool | None) -> bool:
    if wanted is False or os.environ.get("NO_COLOR"):
        return False
    return bool(wanted) or (stream.isatty() and os.environ.get("TERM") != "dumb")
