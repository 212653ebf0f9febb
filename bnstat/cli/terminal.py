"""Reports on a terminal: as wide as that is, with color where it guides."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import click

from bnstat.reports import Block, Column, Line, Row, Table, layout

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


def show_list(described: Mapping[str, Sequence[str]]) -> None:
    """Print names on stdout, each with what it is beside it, and details below that."""
    rows = []
    for name, (first, *details) in described.items():
        rows.append(Row((name, first)))
        rows += [Row(("", f"  {detail}")) for detail in details]
    columns = Column("", numbers=False), Column("", numbers=False)
    show([Table(columns, tuple(rows))], color=None)


def print_line(line: Line, color: bool | None, *, err: bool = False) -> None:
    """Print a line in the style of its tone, on stdout or stderr."""
    style = _STYLES[line.tone] if line.text else {}
    colored = style and _is_colored(sys.stderr if err else sys.stdout, color)
    text = click.style(line.text, **style) if colored else line.text
    click.echo(text, err=err, color=True)


def _is_colored(stream: TextIO, wanted: bool | None) -> bool:
    if wanted is False or os.environ.get("NO_COLOR"):
        return False
    return bool(wanted) or (stream.isatty() and os.environ.get("TERM") != "dumb")
