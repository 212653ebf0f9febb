"""What a person reads of a result: tables on stdout; failures, timings and hints on stderr."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bnstat.errors import NothingMeasuredError
from bnstat.stats import BatchNormEstimate, Shards, Stats
from bnstat.text import printable

if TYPE_CHECKING:
    from bnstat.cli.console import Console


def said_once(results: Sequence[Stats]) -> None:
    """Name each failed image on stderr, and say what was done to deep ones and to Normalize."""
    several = len({stats.source.locations for stats in results}) > 1
    lines = [line for stats in results for line in _failed(stats, several)]
    lines += [line for stats in results for line in _remarks(stats)]
    for line in dict.fromkeys(lines):
        click.echo(line, err=True)


def _failed(stats: Stats, several: bool) -> Iterator[str]:
    """Yield each failure; beside other sources, with its own before the name."""
    where = " ".join(stats.source.locations) + "/" if several else ""
    for failure in stats.source.failures:
        yield _failure(where + failure.image, failure.reason)


def _remarks(stats: Stats) -> Iterator[str]:
    deep = stats.source.deeper_than_8_bits
    if deep:
        done = "rounded to 8 bits for the pipeline" if stats.pipeline.transforms else "kept in full"
        yield (
            f"{counted(deep, 'image')} deeper than 8 bits: 16-bit gray was {done}, 16-bit color "
            "is read at 8 bits; torchvision's ImageFolder would clip them"
        )
    warned = stats.source.warnings
    if warned.first:
        yield (
            f"Pillow warned of {counted(warned.images, 'image')}, such as "
            f"{printable(warned.first[0].image)}: {printable(warned.first[0].warning)}"
        )
    if stats.pipeline.before_normalize:
        yield (
            f"{printable(str(stats.pipeline.spec))} ends in Normalize: measured before it "
            "(--keep-normalize measures after it)"
        )


@contextmanager
def failures_named() -> Iterator[None]:
    """Name each failed image also when all have failed."""
    try:
        yield
    except NothingMeasuredError as error:
        for image, reason in error.failures:
            click.echo(_failure(image, reason), err=True)
        raise


def _failure(image: str, reason: str) -> str:
    return f"failed: {printable(image)}: {printable(reason)}"


def speed(stats: Stats, seconds: float) -> None:
    """Say on stderr how long it took."""
    images = stats.source.images + len(stats.source.failures)
    click.echo(
        f"{counted(images, 'image')} in {seconds:.2f} s, {images / seconds:,.0f} images/s",
        err=True,
    )


def three_ways(stats: Stats, output: str, color: bool | None) -> None:
    """Show the three methods side by side on stdout, and what to type next."""
    from bnstat.cli import tables

    console = console_for(color)

    def say(text: str = "") -> None:
        console.print(text, markup=False)

    say(_headline(stats))
    say()
    if not stats.channels:
        say(f"Nothing was measured. Written to {printable(output)}, for bnstat merge.")
        return
    console.print(tables.values(stats))
    say()
    console.print(tables.differences(stats))
    say()
    say(_batchnorm_in_words(stats))
    say()
    console.print(tables.conventions(stats))
    say()
    say(f"Written to {printable(output)}. Next: {_next(output)}")


def console_for(color: bool | None) -> Console:
    """Return a console that is plain, and as wide as its text, where stdout is no terminal."""
    from bnstat.cli.console import Console

    terminal = sys.stdout.isatty()
    plain = not (terminal or color) or color is False or bool(os.environ.get("NO_COLOR"))
    return Console(
        width=None if terminal else 1000,
        color_system=None if plain else "auto",
        force_terminal=bool(color) or None,
        highlight=False,
        emoji=False,
    )


def _headline(stats: Stats) -> str:
    source = stats.source
    counts = [counted(source.images, "image"), f"{stats.count:,} samples a channel"]
    if source.failures:
        counts.append(f"{len(source.failures):,} failed")
    if source.skipped:
        counts.append(f"{counted(source.skipped, 'other file')} skipped")
    if source.duplicates:
        counts.append(counted(source.duplicates, "duplicate"))
    where = printable(" | ".join([" ".join(source.locations), *stats.pipeline.transforms]))
    where += _shards_in_words(source.shards)
    unit = "values as they are" if stats.scale == 1 else "values in [0, 1]"
    return f"{where}: {', '.join(counts)}; mode {stats.mode}, {unit}"


def _shards_in_words(shards: Shards | None) -> str:
    """Return which shards a result is of, to stand behind its name."""
    if shards is None:
        return ""
    noun = "shard" if len(shards.indices) == 1 else "shards"
    return f", {noun} {', '.join(map(str, shards.indices))} of {shards.of}"


def _batchnorm_in_words(stats: Stats) -> str:
    estimate = stats.methods["batchnorm"]
    if not isinstance(estimate, BatchNormEstimate):
        return f"batchnorm: none, as {printable(stats.reasons.get('batchnorm', 'it is null'))}."
    momentum = "cumulative" if estimate.momentum is None else f"momentum {estimate.momentum:g}"
    sd = {name: ", ".join(f"{v:.2g}" for v in sds) for name, sds in estimate.expected_sd.items()}
    return (
        f"batchnorm saw {counted(estimate.batches, 'batch', 'batches')} of {estimate.batch_size} "
        f"({estimate.order}, {momentum}): {percent(estimate.start_weight)} of the start value "
        "(mean 0, var 1) is still in it. Expected noise, one standard deviation over shuffles: "
        f"mean ±{sd['mean']}; var ±{sd['var']}."
    )


def percent(share: float) -> str:
    """Return a share as a percentage; what is not nothing, or not all, never reads as such.

    >>> percent(0.1853), percent(1e-9), percent(0.0)
    ('18.5 %', 'less than 0.01 %', 'nothing')
    """
    if share == 0.0:
        return "nothing"
    return f"{100 * share:.3g} %" if share >= 1e-4 else "less than 0.01 %"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number and its noun.

    >>> counted(1, "image"), counted(2000, "batch", "batches")
    ('1 image', '2,000 batches')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _next(output: str) -> str:
    document = "" if output == "bnstat.json" else f" {shlex.quote(printable(output))}"
    return f"bnstat export{document} --format normalize"
