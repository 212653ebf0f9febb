"""What a command says: results on stdout, as wide as the terminal; all else on stderr."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
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
# Seconds until a bar is shown.
_MOMENT = 0.3

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "title": {"bold": True},
    "answer": {"bold": True, "fg": "green"},
    "good": {"fg": "green"},
    "warning": {"fg": "yellow"},
    "bad": {"fg": "red"},
    "command": {"fg": "cyan"},
}


def say(text: str) -> None:
    """Print a line on stderr."""
    click.echo(printable(text), err=True)


def is_colored(stream: TextIO, wanted: bool | None) -> bool:
    """Whether text on a stream is colored; None is what the stream and NO_COLOR suggest."""
    if wanted is False or os.environ.get("NO_COLOR"):
        return False
    return bool(wanted) or (stream.isatty() and os.environ.get("TERM") != "dumb")


@dataclass(frozen=True)
class Meter:
    """The progress display of a run: how far it is, what it is at, and lines above it.

    update: None where nothing is shown.
    """

    update: Callable[[Progress], None] | None = None
    title: Callable[[str], object] = str
    say: Callable[[str], None] = say


@dataclass
class Terminal:
    """The terminal as the options of a command want it; None is what the stream suggests."""

    color: bool | None = None
    progress: bool | None = None
    quiet: bool = False
    verbose: bool = False

    @contextmanager
    def measuring(self) -> Iterator[Meter]:
        """Show progress on stderr, by default on a terminal: by rich there, by tqdm elsewhere.

        Failed images are named on stderr also when all have failed.
        """
        on_terminal = sys.stderr.isatty()
        wanted = on_terminal if self.progress is None else self.progress
        bar = _rich_meter if on_terminal and os.environ.get("TERM") != "dumb" else _tqdm_meter
        try:
            with bar() if wanted else nullcontext(Meter()) as meter:
                yield meter
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
        """Print a report on stdout: on a terminal by rich, else as plain text."""
        if not sys.stdout.isatty():
            from bnstat import show as reports

            self._print(reports.lines(blocks), sys.stdout)
            return
        from bnstat.show.terminal import console, print_report

        width = min(shutil.get_terminal_size().columns, WIDEST)
        print_report(blocks, console(sys.stdout, width, colored=is_colored(sys.stdout, self.color)))

    def show_as(self, form: str, found: Reportable, *, verbose: bool = False) -> None:
        """Print what was found on stdout: in a format of `bnstat.show`, or a table if not quiet."""
        from bnstat import show as reports

        if form != "table":
            click.echo(reports.FORMATS[form](found), nl=False)
        elif not self.quiet:
            self.show(reports.report(found, verbose=verbose or self.verbose))

    def _print(self, lines: Iterable[Line], stream: TextIO) -> None:
        colored = is_colored(stream, self.color)
        for line in lines:
            style = _STYLES[line.tone] if line.text and colored else {}
            click.echo(click.style(line.text, **style) if style else line.text, stream, color=True)


def show_list(described: Mapping[str, Sequence[str]]) -> None:
    """Print names on stdout, each with what it is beside it, and details below that."""
    from bnstat.show import Column, Row, Table

    rows = []
    for name, (first, *details) in described.items():
        rows.append(Row((name, first)))
        rows += [Row(("", f"  {detail}")) for detail in details]
    columns = Column("", numbers=False), Column("", numbers=False)
    Terminal().show([Table(columns, tuple(rows))])


@contextmanager
def _rich_meter() -> Iterator[Meter]:
    """Give a bar of rich's, made when a run has taken a moment: most small ones need none."""
    started = time.monotonic()
    description = ""
    bar: Any = None

    def update(done: Progress) -> None:
        nonlocal bar
        seconds = time.monotonic() - started
        if bar is None and seconds < _MOMENT:
            return
        bar = bar or _started_bar()
        bar.update(
            bar.task_ids[0],
            description=description,
            total=done.total,
            completed=done.images,
            details=_details(done, done.images / seconds),
        )

    def title(text: str) -> None:
        nonlocal description
        description = text

    def say_above(text: str) -> None:
        if bar is None:
            say(text)
        else:
            bar.console.print(printable(text), soft_wrap=True)

    try:
        yield Meter(update, title, say_above)
    finally:
        if bar is not None:
            bar.stop()


def _started_bar() -> Any:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    from bnstat.show.terminal import console

    width, colored = shutil.get_terminal_size().columns, is_colored(sys.stderr, None)
    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("images{task.fields[details]}", markup=False),
        TimeRemainingColumn(),
        console=console(sys.stderr, width, colored=colored),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    bar.add_task("", total=None, details="")
    bar.start()
    return bar


@contextmanager
def _tqdm_meter() -> Iterator[Meter]:
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())  # its own would be shared with processes, which have no bar
    with tqdm(unit=" images", file=sys.stderr, dynamic_ncols=True, leave=False) as shown:

        def update(done: Progress) -> None:
            shown.total = done.total
            shown.set_postfix_str(_details(done).removeprefix(", "), refresh=False)
            shown.update(done.images - shown.n)

        yield Meter(
            update,
            shown.set_description_str,
            lambda text: shown.write(printable(text), file=sys.stderr),
        )


def _details(done: Progress, speed: float | None = None) -> str:
    """Return images a second, failures and margin, each after a comma."""
    details = [] if speed is None else [f"{speed:,.0f}/s"]
    details += [f"{done.failures} failed"] * bool(done.failures)
    details += [] if done.margin is None else [f"±{done.margin:.2g}"]
    return "".join(f", {each}" for each in details)
