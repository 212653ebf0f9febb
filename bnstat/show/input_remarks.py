"""What must be known beside the figures: failed images, what was done to others, wide margins."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from statistics import NormalDist

from bnstat.result import Corrected, Stats
from bnstat.show.significance import images_needed, widest_margin
from bnstat.text import pluralize, printable

# Failures of a kind that are named.
_NAMED = 3
# They can only be read as a whole.
_COMPRESSED_TARS = (".gz", ".tgz", ".bz2", ".tbz2", ".tbz", ".xz", ".txz", ".zst", ".tzst")
_ASKED_FOR = 0.005, 0.002, 0.001
# A part of the squared margin above this share is the one to work on.
_LARGEST_SHARE = 0.5
_ANY = {"mean": (-math.inf, math.inf), "std": (0.0, math.inf)}


def failures(results: Sequence[Stats]) -> Iterator[str]:
    """Yield lines on failed images; where sources are several, with its own before each."""
    several = len({stats.source.locations for stats in results}) > 1
    for stats in results:
        source = stats.source
        where = " ".join(source.locations) + "/" if several else ""
        named = ((where + image, reason) for image, reason in source.failures)
        yield from failure_lines(named, source.failed)


def failure_lines(named: Iterable[tuple[str, str]], failed: int) -> Iterator[str]:
    """Yield lines on images that failed: the first of each kind of reason, and how many more.

    named: images and reasons, of the first of all that failed.
    """
    firsts: dict[str, list[tuple[str, str]]] = {}
    numbers: Counter[str] = Counter()
    for image, reason in named:
        kind = _kind(reason)
        numbers[kind] += 1
        if numbers[kind] <= _NAMED + 1:
            firsts.setdefault(kind, []).append((printable(image), printable(reason)))
    for kind, first in firsts.items():
        more = numbers[kind] - _NAMED
        told = first[: _NAMED if more > 1 else None]
        yield from (f"failed: {image}: {reason}" for image, reason in told)
        if more > 1:
            yield f"failed: {more:,} more like {first[0][0]}"
    if unnamed := failed - numbers.total():
        yield f"failed: {unnamed:,} more, which the result does not name (--all-failures does)"


@lru_cache
def _kind(reason: str) -> str:
    """Return a reason without its numbers and names: sizes, paths, positions."""
    return " ".join(word for word in reason.split() if not re.search(r"[0-9/\\]|\.\w", word))


def remarks(stats: Stats) -> Iterator[str]:
    """Yield the warnings of a result, and lines on what was done to images and pixels."""
    yield from (warning.text for warning in stats.warnings)
    yield from _left_out(stats)
    for place in stats.source.locations if stats.sample else ():
        if place.endswith(_COMPRESSED_TARS):
            yield (
                f"{printable(place)} is compressed: it was read from beginning to end to list its "
                "images, and again for the sample; a plain .tar or a .zip is read where needed"
            )
    dataset = stats.source.dataset
    if dataset is not None and dataset.here:
        yield f"measured in one process: workers cannot have the dataset: {printable(dataset.here)}"
    if dataset is not None and dataset.first is not None:
        more = "" if dataset.length else "; sample=N takes another number"
        yield f"measured the first {dataset.first:,} items, which may be unlike the rest{more}"
    if stats.pipeline.before_normalize:
        yield (
            f"{printable(str(stats.pipeline.spec))} ends in Normalize: measured before it "
            "(--keep-normalize measures after it)"
        )


def _left_out(stats: Stats) -> Iterator[str]:
    selection = stats.selection
    if not selection.excludes:
        return
    least, most = min(selection.excluded, default=0), max(selection.excluded, default=0)
    number = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    said = [f"left out {number} samples a channel"] if most else []
    if selection.empty:
        said.append(f"of {pluralize(selection.empty, 'image')} nothing was left")
    if said:
        yield "; ".join(said)


def skewed(stats: Stats) -> Iterator[str]:
    """Yield the intervals that allow for a few images that carry the figures."""
    sure = stats.uncertainty
    if sure is None or sure.corrected is None:
        return
    intervals = (f"{name} {_intervals(stats, sure.corrected, name)}" for name in ("mean", "std"))
    yield f"Intervals that allow for it: {'; '.join(intervals)}."


def _intervals(stats: Stats, corrected: Corrected, name: str) -> str:
    """Return the interval of each channel; images in [0, 1] have no other means, nor stds above."""
    least, most = (0.0, 1.0 if name == "mean" else 0.5) if stats.unit == "[0, 1]" else _ANY[name]
    figures = (getattr(each, name) for each in (stats, corrected.below, corrected.above))
    return ", ".join(
        f"{max(value - low, least):.4f} to {min(value + high, most):.4f}"
        for value, low, high in zip(*figures, strict=True)
    )


def narrower(stats: Stats) -> Iterator[str]:
    """Yield a line on how many images certain margins take, and one on images or epochs."""
    widest = widest_margin(stats)
    if widest is None or not math.isfinite(widest) or not widest:
        return
    asked = [tolerance for tolerance in _ASKED_FOR if tolerance < widest]
    needed = {tolerance: images_needed(stats, tolerance / widest) for tolerance in asked}
    noun = stats.source.unit
    known = [f"{pluralize(n, noun)} for ±{tolerance:g}" for tolerance, n in needed.items() if n]
    if known:
        yield f"Narrower margins need about {', '.join(known)}."
    if "draws" in stats.uncertain_by:
        yield _images_or_epochs(stats)


def _images_or_epochs(stats: Stats) -> str:
    """Say what the margin is made of, where images are drawn at random.

    The squared standard error is (1 - m/N) times the squared superpopulation one, for the images
    left out, and what the draws add.
    """
    if stats.pipeline.epochs == 1:
        return "One draw of each image does not tell images from draws; --epochs 2 does."
    if _share_of_images(stats) > _LARGEST_SHARE:
        return "The margins come from the sample; more images narrow them."
    return "The margins come from the random draws; more epochs narrow them."


def _share_of_images(stats: Stats) -> float:
    """Return the share of the largest squared margin that comes from images left out."""
    sample, uncertainty = stats.sample, stats.uncertainty
    if sample is None or uncertainty is None or uncertainty.margin is None:
        return 0.0
    left_out = 1.0 - stats.source.units / sample.of
    margins = (*uncertainty.margin.mean, *uncertainty.margin.std)
    errors = (*uncertainty.superpopulation.mean, *uncertainty.superpopulation.std)
    half, error = max(zip(margins, errors, strict=True))
    quantile = NormalDist().inv_cdf((1.0 + uncertainty.confidence) / 2.0)
    return min(1.0, left_out * (error * quantile / half) ** 2)
