"""How uncertain the mean and the std of `two-pass` are: figures of each channel together.

The formulas are those of `spreads`. And how alike the images of a cluster are, and by how much that
makes standard errors too small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from bnstat.estimators.intervals import corrected, margin
from bnstat.estimators.spreads import (
    ROUNDING,
    Design,
    Spread,
    contributions,
    controls_of,
    effective_images,
    spreads,
)
from bnstat.moments import ChannelMoments, Floats, Ints, Records
from bnstat.result import Corrected, MeanAndStd, Uncertainty

# Below, so few images carry the figure that no simple interval covers: the simulation of
# tests/benchmarks/coverage_of_margins.py.
FEWEST_EFFECTIVE_IMAGES = 40.0


def uncertainty(
    records: Records,
    found: int,
    *,
    random: bool,
    confidence: float,
    controls: Records | None = None,
    clusters: Callable[[bytes], str] | None = None,
    in_order: bool = True,
) -> Uncertainty | None:
    """Return how sure `two-pass` is of records that are a random sample of `found` images, or all.

    A single image, or a single cluster, tells nothing of how they vary: None.

    random: whether the draws of an image differ at random; confidence: of the margins, in (0, 1);
    controls: of the plain images, where each has one random draw: control variates; clusters: the
    name of the cluster that an image is of, by its key, otherwise each is one of its own; in_order:
    whether to sum by key, so that the last digits do not depend on how images came.
    """
    images = len(records)
    if images < 2:
        return None
    design = Design(found, records.draws, random)
    plain = plain_images(records.keys(), controls) if random and records.draws == 1 else None
    numbers = None if clusters is None else _numbered(map(clusters, records.keys()))
    if numbers is not None and not numbers.any():
        return None
    in_order = in_order or plain is not None or numbers is not None

    def of_channel(channel: int) -> tuple[Spread, Spread]:
        column = records.column(channel, in_order=in_order)
        known = controls_of(plain[channel % len(plain)]) if plain else None
        pair = spreads(column, design, known)
        return pair if numbers is None else _clustered(pair, column, numbers)

    sure = uncertainty_of(records.by_channel(of_channel), images, design, confidence)
    return sure if numbers is None else replace(sure, clusters=int(numbers.max()) + 1)


def _numbered(names: Iterable[str]) -> Ints:
    """Return a number for each name, the same for the same, from 0 on."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


def _clustered(
    pair: tuple[Spread, Spread], column: ChannelMoments, numbers: Ints
) -> tuple[Spread, Spread]:
    """Return the uncertainty with images of a cluster together: others would bring other clusters.

    The squared error is K/(K − 1)·Σt²/m² over the totals t of K clusters, which add up to 0.
    """
    images, clusters = len(numbers), int(numbers.max()) + 1
    found = []
    for spread, contributed in zip(pair, contributions(column), strict=True):
        each = contributed.reshape(images, -1).mean(axis=1)
        totals: Floats = np.bincount(numbers, weights=each).astype(np.float64)
        squared = clusters / (clusters - 1) * float(totals @ totals) / images**2
        carried = min(spread.effective_images, effective_images(totals))
        error = math.sqrt(squared)
        found.append(replace(spread, superpopulation=error, effective_images=carried))
    return found[0], found[1]


def uncertainty_of(
    pairs: Sequence[tuple[Spread, Spread]], images: int, design: Design, confidence: float
) -> Uncertainty:
    """Return how sure `two-pass` is, from the uncertainty of each channel's mean and std."""
    causes = ("sample",) * (images < design.found) + ("draws",) * design.random
    flat = [spread for pair in pairs for spread in pair]
    reliable = all(spread.effective_images >= FEWEST_EFFECTIVE_IMAGES for spread in flat)
    known = causes and all(spread.freedom > 0 for spread in flat)
    both_sides = (
        of_both(pairs, lambda spread, side=side: corrected(spread, confidence)[side])  # type: ignore[misc]
        for side in (0, 1)
    )
    return Uncertainty(
        confidence=confidence,
        of=causes,
        margin=of_both(pairs, lambda spread: margin(spread, confidence)) if causes else None,
        reliable=reliable,
        superpopulation=of_both(pairs, lambda spread: spread.superpopulation),
        corrected=Corrected(*both_sides) if known and not reliable else None,
    )


def of_both(
    pairs: Sequence[tuple[Spread, Spread]], figure: Callable[[Spread], float]
) -> MeanAndStd:
    """Return a figure of the mean and of the std of each channel."""
    return MeanAndStd(
        tuple(figure(mean) for mean, _ in pairs), tuple(figure(std) for _, std in pairs)
    )


def plain_images(keys: Collection[bytes], controls: Records | None) -> list[ChannelMoments] | None:
    """Return the channels of the plain images with these keys, in order; None if some are missing.

    Draws of other images may have failed.
    """
    if controls is None:
        return None
    known = controls.keys()
    columns = [controls.column(channel) for channel in range(len(controls.channels))]
    if len(keys) < len(known):
        places = {key: place for place, key in enumerate(known)}
        rows = [places[key] for key in keys if key in places]
        columns = [ChannelMoments(*(values[rows] for values in column)) for column in columns]
    return columns if len(columns[0].n) == len(keys) and columns[0].n.all() else None


def look_sizes(found: int) -> Iterator[int]:
    """Yield how many images a growing sample has each time that its margins are looked at.

    Looks that grow by a tenth cost at most a tenth more images than needed. Looking often makes a
    lucky stop likelier, which costs coverage; from 200 images on it costs less than 0.02
    (tests/benchmarks/coverage_of_margins.py).
    """
    images = min(200, found)
    while images < found:
        yield images
        images = max(images + 1, images * 11 // 10)
    yield found


class Likeness(NamedTuple):
    """How alike images of a cluster are, in the channel where they are most.

    correlation: within clusters, of what images contribute to the mean; factor: the standard error
    over clusters of that mean by the one over images.
    """

    correlation: float
    factor: float


def likeness(records: Records, clusters: Sequence[int]) -> Likeness:
    """Return how alike images of a cluster are, which each have a number, in the order of keys.

    The correlation is estimated by the analysis of variance (Fisher, *Statistical Methods for
    Research Workers*, section 40), for clusters of unequal sizes (Searle, Casella and McCulloch,
    *Variance Components*, 1992, section 3.6). There must be two clusters, and fewer than images.
    """
    numbers = np.asarray(clusters, dtype=np.int64)
    found = records.by_channel(
        lambda c: _likeness(
            contributions(records.column(c))[0].reshape(len(records), -1).mean(axis=1), numbers
        )
    )
    return max(found)


def _likeness(each: Floats, numbers: Ints) -> Likeness:
    sizes = np.bincount(numbers)
    images, clusters = len(each), len(sizes)
    totals = np.bincount(numbers, weights=each)
    inside = each - (totals / sizes)[numbers]
    between = float(totals @ (totals / sizes)) / (clusters - 1)
    within = float(inside @ inside) / (images - clusters)
    size = (images - float(sizes @ sizes) / images) / (clusters - 1)
    variance = between + (size - 1.0) * within
    if variance <= size * ROUNDING**2:
        return Likeness(0.0, 1.0)
    squared = clusters / (clusters - 1) * float(totals @ totals)
    alone = images / (images - 1) * float(each @ each)
    return Likeness((between - within) / variance, math.sqrt(squared / alone))
