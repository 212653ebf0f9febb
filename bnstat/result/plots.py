"""The pictures that a result has by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist

from bnstat.errors import DocumentError
from bnstat.pictures import GroupFigures, Histogram, MarginCurve, Picture
from bnstat.pictures.picture import distinct
from bnstat.result.contents import Contents
from bnstat.result.estimates import Floats
from bnstat.text import printable

# Sizes at which margins are drawn grow by this factor, from the smallest on.
_GROWTH = 1.25
_SMALLEST = 10


def picture(stats: Contents, kind: str) -> Picture:
    """Return a picture of a result.

    Raises ValueError if there is no such kind. Raises DocumentError if it cannot be made of this
    result.
    """
    if kind not in PICTURES:
        raise ValueError(
            f"no picture {kind!r} of a result alone; there are {', '.join(PICTURES)}, and with "
            "records those of bnstat.plot"
        )
    return PICTURES[kind](stats)


def _histogram(stats: Contents) -> Histogram:
    counts = None if stats.max_value else stats.histogram
    if stats.max_value == stats.scale == 1:
        raise DocumentError("No histogram: samples are as they are stored, not in [0, 1].")
    if counts is None and stats.distribution is not None:
        counts = tuple(tuple(each.binned(256, stats.scale)) for each in stats.distribution)
    if counts is None or not any(stats.count):
        raise DocumentError("No histogram: only 8- and 16-bit samples have one.")
    names, shown = distinct(stats.channels, [tuple(each) for each in counts])
    mean, std = ([each[i] for i in shown] for each in (stats.exact.mean, stats.exact.std))
    return Histogram(_name(stats), names, [counts[i] for i in shown], mean, std)


def _name(stats: Contents) -> str:
    where = " ".join(stats.source.locations).rstrip("/").rpartition("/")[2]
    return printable(" | ".join([where or "the images", *stats.pipeline.transforms]))[:80]


def _margin(stats: Contents) -> MarginCurve:
    uncertainty = stats.uncertainty
    if uncertainty is None or stats.source.images < 2:
        raise DocumentError("No margins: they need two images or more.")
    found = stats.sample.of if stats.sample else stats.source.images
    measured = stats.source.images if stats.sample and not stats.is_exact else None
    sizes = list(sample_sizes(found))
    if not sizes:
        raise DocumentError(f"No margins of samples: there are {found} images.")
    quantile = NormalDist().inv_cdf((1 + uncertainty.confidence) / 2)
    errors = uncertainty.superpopulation
    mean, std = (
        [
            quantile * max(error) * math.sqrt(stats.source.images * max(0.0, 1 / n - 1 / found))
            for n in sizes
        ]
        for error in (errors.mean, errors.std)
    )
    return MarginCurve(found, measured, sizes, mean, std, uncertainty.confidence)


def sample_sizes(found: int) -> Iterator[int]:
    """Yield sizes of samples, each larger by a quarter, up to nearly the whole set."""
    size = float(min(_SMALLEST, max(2, found - 1)))
    while size < found:
        yield int(size)
        size = max(size + 1, size * _GROWTH)


def _groups(stats: Contents) -> GroupFigures:
    if not stats.groups:
        raise DocumentError("No groups: compute --by folder, or --by FILE.csv, adds them.")
    groups, exact = stats.groups, stats.exact
    each = [group.exact for group in groups.values()]
    every = [*each, exact]
    names, shown = distinct(
        stats.channels,
        [tuple((f.mean[c], f.std[c]) for f in every) for c in range(len(stats.channels))],
    )

    def of(figures: Floats) -> list[float]:
        return [figures[i] for i in shown]

    return GroupFigures(
        channels=names,
        labels=[printable(label) for label in groups],
        images=[group.images for group in groups.values()],
        mean=[of(estimate.mean) for estimate in each],
        std=[of(estimate.std) for estimate in each],
        whole_mean=of(exact.mean),
        whole_std=of(exact.std),
    )


PICTURES: Mapping[str, Callable[[Contents], Picture]] = {
    "histogram": _histogram,
    "margin": _margin,
    "groups": _groups,
}
