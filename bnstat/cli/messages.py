"""What goes to stderr beside a result: failed images, remarks, the time it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from bnstat import reports
from bnstat.cli.terminal import print_line
from bnstat.errors import NothingMeasuredError
from bnstat.reports import Line
from bnstat.stats import Failure, Stats


def print_remarks(results: Sequence[Stats], color: bool | None) -> None:
    """Name each failed image on stderr, and what was done to others, each line once."""
    lines = [Line(text, "bad") for text in reports.failures(results)]
    lines += [Line(text, "warning") for stats in results for text in reports.remarks(stats)]
    for line in dict.fromkeys(lines):
        print_line(line, color, err=True)


@contextmanager
def failures_printed(color: bool | None) -> Iterator[None]:
    """Name each failed image on stderr also when all have failed."""
    try:
        yield
    except NothingMeasuredError as error:
        print_failures([Failure(*each) for each in error.failures], color)
        raise


def print_failures(failures: Sequence[Failure], color: bool | None) -> None:
    """Name each failed image on stderr."""
    for failure in failures:
        print_line(Line(reports.failure(failure.image, failure.reason), "bad"), color, err=True)


def print_speed(stats: Stats, seconds: float) -> None:
    """Say on stderr how long it took."""
    images = stats.source.images + len(stats.source.failures)
    click.echo(
        f"{reports.counted(images, 'image')} in {seconds:.2f} s, {images / seconds:,.0f} images/s",
        err=True,
    )
