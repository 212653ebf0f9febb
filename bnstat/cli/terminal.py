"""Reports on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import rich.console
import rich.table
from rich.text import Text

from bnstat.reports import Block, Table


class Console(rich.console.Console):
    """A console that leaves a closed pipe to `run`; rich would exit with status 1."""

    def on_broken_pipe(self) -> None:
        """Raise what the pipe raised."""
        raise BrokenPipeError


def show(blocks: Sequence[Block], color: bool | None) -> None:
    """Print a report on stdout, its blocks with a blank line between them."""
    console = _console(color)
    for number, block in enumerate(blocks):
        if number:
            console.print()
        if isinstance(block, Table):
            _print_table(console, block)
        else:
            console.print(" ".join(block.lines), markup=False)


def _console(color: bool | None) -> Console:
    """Return a console that is plain, and as wide as its text, where stdout is no terminal."""
    terminal = sys.stdout.isatty()
    plain = not (terminal or color) or color is False or bool(os.environ.get("NO_COLOR"))
    return Console(
        width=None if terminal else 1000,
        color_system=None if plain else "auto",
        force_terminal=bool(color) or None,
        highlight=False,
        emoji=False,
    )


def _print_table(console: Console, table: Table) -> None:
    if table.title is not None:
        console.print(table.title, style="bold", markup=False)
    if table.note is not None:
        console.print(table.note, markup=False)
    shown = rich.table.Table(box=None, pad_edge=False, padding=(0, table.gap, 0, 0))
    for column in table.columns:
        shown.add_column(
            Text(column.heading),
            justify="right" if column.numbers else "left",
            no_wrap=column.numbers,
            min_width=column.least_width or None,
        )
    for row in table.rows:
        shown.add_row(*map(Text, row))
    console.print(shown)
