"""What goes to stderr beside a result: failed images, remarks, the time it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from bnstat import reports
from bnstat.errors import NothingMeasuredError
from bnstat.stats import Stats


def print_remarks(results: Sequence[Stats]) -> None:
    """Name each failed image on stderr, and what was done to others, each line once."""
    lines = [*reports.failures(results)]
    lines += [line for stats in results for line in reports.remarks(stats)]
    for line in dict.fromkeys(lines):
        click.echo(line, err=True)


@contextmanager
def failures_printed() -> Iterator[None]:
    """Name each failed image on stderr also when all have failed."""
    try:
        yield
    except NothingMeasuredError as error:
        for image, reason in error.failures:
            click.echo(reports.failure(image, reason), err=True)
        raise


def print_speed(stats: Stats, seconds: float) -> None:
    """Say on stderr how long it took."""
    images = stats.source.images + len(stats.source.failures)
    click.echo(
        f"{reports.counted(images, 'image')} in {seconds:.2f} s, {images / seconds:,.0f} images/s",
        err=True,
    )
