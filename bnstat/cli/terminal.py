"""What a command says: results on stdout, as wide as the terminal; all else on stderr."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import click

from bnstat.errors import NothingMeasuredError
from bnstat.text import printable

if TYPE_CHECKING:
    from bnstat import Stats
    from bnstat.settings import Progress
    from bnstat.show import Block, Line, Reportable


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


@dataclass(frozen=True)
class Terminal:
    """The terminal as the options of a command want it; None is what the stream suggests."""

    color: bool | None = None
    progress: bool | None = None
    quiet: bool = False
    verbose: bool = False

    @contextmanager
    def measuring(self) -> Iterator[Callable[[Progress], None] | None]:
        """Show a progress bar; name failed images on stderr also when all have failed."""
        try:
            with bar(self.progress) as update:
                yield update
        except NothingMeasuredError as error:
            self.print_failures(error.failures, error.failed)
            raise

    def print_remarks(self, results: Sequence[Stats]) -> None:
        """Name failed images on stderr, and what was done to others, each line once."""
        from bnstat import show as reports

        lines = [reports.Line(text, "bad") for text in reports.failures(results)]
        for stats in results:
            lines += [reports.Line(text, "warning") for text in reports.remarks(stats)]
        self._print(dict.fromkeys(lines), sys.stderr)

    def print_failures(
        self, failures: Sequence[tuple[str, str]], failed: int | None = None
    ) -> None:
        """Name failed images on stderr; `failed` is their number, where not all are told."""
        from bnstat import show as reports

        lines = reports.failure_lines(failures, len(failures) if failed is None else failed)
        self._print((reports.Line(text, "bad") for text in lines), sys.stderr)

    def show(self, blocks: Sequence[Block]) -> None:
        """Print a report on stdout; off a terminal it is plain, and a sentence is one line."""
        from bnstat.show import layout

        width = min(shutil.get_terminal_size().columns, WIDEST) if sys.stdout.isatty() else None
        self._print(layout(blocks, width), sys.stdout)

    def show_as(self, form: str, found: Reportable, *, verbose: bool = False) -> None:
        """Print what was found on stdout: as a table, or in a format of `bnstat.show`."""
        from bnstat import show as reports

        if form == "table":
            self.show(reports.report(found, verbose=verbose or self.verbose))
        else:
            click.echo(reports.FORMATS[form](found), nl=False)

    def _print(self, lines: Iterable[Line], stream: TextIO) -> None:
        colored = _is_colored(stream, self.color)
        for line in lines:
            style = _STYLES[line.tone] if line.text and colored else {}
            click.echo(click.style(line.text, **style) if style else line.text, stream, color=True)


def say(text: str) -> None:
    """Print a line on stderr."""
    click.echo(printable(text), err=True)


def show_list(described: Mapping[str, Sequence[str]]) -> None:
    """Print names on stdout, each with what it is beside it, and details below that."""
    from bnstat.show import Column, Row, Table

    rows = []
    for name, (first, *details) in described.items():
        rows.append(Row((name, first)))
        rows += [Row(("", f"  {detail}")) for detail in details]
    columns = Column("", numbers=False), Column("", numbers=False)
    Terminal().show([Table(columns, tuple(rows))])


def _is_colored(stream: TextIO, wanted: bool | None) -> bool:
    if wanted is False or os.environ.get("NO_COLOR"):
        return False
    return bool(wanted) or (stream.isatty() and os.environ.get("TERM") != "dumb")


@contextmanager
def bar(wanted: bool | None) -> Iterator[Callable[[Progress], None] | None]:
    """Show a bar on stderr, by default if that is a terminal; give its update function, or None."""
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield None
        return
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own would be shared with processes, which have no bar
    with tqdm(unit=" images", file=sys.stderr, dynamic_ncols=True, leave=False) as drawn:

        def update(progress: Progress) -> None:
            drawn.total = progress.total
            drawn.set_postfix_str(
                _speed_and_failures(progress, drawn.format_dict["elapsed"]), refresh=False
            )
            drawn.update(progress.images - drawn.n)

        yield update


def _speed_and_failures(progress: Progress, seconds: float) -> str:
    speed = progress.bytes / 1e6 / seconds if seconds else 0.0
    failures = f", {progress.failures} failed" if progress.failures else ""
    margin = f", ±{progress.margin:.2g}" if progress.margin is not None else ""
    return f"{speed:.1f} MB/s{failures}{margin}"
