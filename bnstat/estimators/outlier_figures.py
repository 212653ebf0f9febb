"""Images of a table of records: their figures, and what each does to mean and std of its set.

The figures are those by which images are compared with the rest. Shares and sizes are compared by
their ratios, as logarithms to base 2: they are skewed, and a thumbnail is as far from a photograph
as that is from a poster.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bnstat.moments import Moments
from bnstat.moments.table import exact_sums
from bnstat.result import Floats
from bnstat.result.tables import RecordTable

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class TableImages:
    """The measured images of a table, their draws taken together.

    first: the row of each image's first draw, of N; n: samples, mean, std: of shape (N, C); low,
    high: shares of the ends; entropy: of the histogram, in bits; these three NaN for floats.
    """

    table: RecordTable
    first: NDArray[np.int64]
    n: Array
    mean: Array
    std: Array
    low: Array
    high: Array
    entropy: Array

    @classmethod
    def of(cls, table: RecordTable) -> TableImages:
        table = table.take(table.measured & (table.n > 0).all(axis=1))
        first = np.flatnonzero(table.epoch == table.epoch[:1])
        if len(first) == len(table):
            counts = table.n.astype(np.float64)
            ends = (table.low, table.high)
            return cls(table, first, counts, table.mean, table.std, *ends, table.entropy)
        n = np.add.reduceat(table.n.astype(np.float64), first)

        def pooled(values: Array) -> Array:
            return np.add.reduceat(table.n * values, first) / n

        mean = pooled(table.mean)
        away = table.mean - np.repeat(mean, np.diff([*first, len(table)]), axis=0)
        std = np.sqrt(pooled(table.std**2 + away**2))
        low, high, entropy = map(pooled, (table.low, table.high, table.entropy))
        return cls(table, first, n, mean, std, low, high, entropy)

    def groups(self) -> list[NDArray[np.int64]]:
        numbers: dict[str | None, int] = {}
        labels = (self.table.group[row] for row in self.first.tolist())
        each = (numbers.setdefault(label, len(numbers)) for label in labels)
        which = np.fromiter(each, np.int64, len(self.first))
        order = np.argsort(which, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(which[order])) + 1)

    def influences(self) -> tuple[Array, Array]:
        """Return what each image does to mean and std of the set, float64 of shape (N, C).

        The figure with the image less that without it; NaN for the only image.
        """
        total = self.n.sum(axis=0)
        mean = (self.n * self.mean).sum(axis=0) / total
        square = self.std**2 + (self.mean - mean) ** 2  # about the set's mean
        var = (self.n * square).sum(axis=0) / total
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = total - self.n
            shift = self.n * (mean - self.mean) / rest  # of the mean, when the image leaves
            left = (total * var - self.n * square) / rest - shift**2
            return -shift, np.sqrt(var) - np.sqrt(np.maximum(left, 0.0))


def influence(images: TableImages) -> Callable[[int], tuple[Floats, Floats]]:
    """Return what tells of an image what it does to mean and std of the set, per channel.

    The figure less that without the image, 0 for the only one. Of integer samples in exact
    arithmetic, each figure rounded once; of floats in float64.
    """
    table, first = images.table, images.first
    if (table.scale == 1).any():
        on_mean, on_std = images.influences()
        return lambda image: (tuple(on_mean[image].tolist()), tuple(on_std[image].tolist()))
    whole, ends = _total(table), np.append(first[1:], len(table))

    def of_image(image: int) -> tuple[Floats, Floats]:
        rest = whole - _total(table.take(np.arange(first[image], ends[image])))
        pairs = [_difference(whole, rest, c) for c in range(len(table.channels))]
        return tuple(mean for mean, _ in pairs), tuple(std for _, std in pairs)

    return of_image


def _total(table: RecordTable) -> Moments:
    columns = (table.n, table.sum, table.sum_of_squares)
    return reduce(
        add,
        (
            Moments(scale, *(exact_sums(column[table.scale == scale]) for column in columns))
            for scale in np.unique(table.scale).tolist()
        ),
    )


def _difference(whole: Moments, rest: Moments, channel: int) -> tuple[float, float]:
    """Return mean and std of the whole less those of the rest, each rounded once."""
    if not rest.n[channel]:
        return 0.0, 0.0
    (mean, std), (mean_of_rest, std_of_rest) = (_figures(m, channel) for m in (whole, rest))
    return float(mean - mean_of_rest), std - std_of_rest


def _figures(moments: Moments, channel: int) -> tuple[Fraction, float]:
    columns = (moments.n, moments.sum, moments.sum_of_squares)
    n, first, second = (column[channel] for column in columns)
    variance = (n * second - first * first) / (n * moments.scale) ** 2
    return Fraction(first, n * moments.scale), math.sqrt(variance)


# (value, the usual value) -> what is unusual, in words.
Words = Callable[[float, float], str]


@dataclass(frozen=True)
class Figure:
    """A figure of each image.

    values: float64 of shape (N,), NaN where unknown; least: a spread that is always usual, so that
    nothing is unusual by less; words: what is said of an unusual value; only_above: whether a small
    value is never unusual.
    """

    values: Array
    least: float
    words: Words
    only_above: bool = False


def figures(images: TableImages) -> Iterator[Figure]:
    """Yield the figures of images: of their samples, then of their files."""
    exact = not (images.table.scale == 1).any()
    yield from figures_of_moments(list(images.mean.T), _average(images.std), exact=exact)
    low, high = (np.log2(_average(ends) + 0.02) for ends in (images.low, images.high))
    yield Figure(low, 0.5, _either("clipped shadows"), only_above=True)
    yield Figure(high, 0.5, _either("clipped highlights"), only_above=True)
    yield Figure(_evenness(images), 0.2, _either("flat histogram", "few values"))
    columns = (
        getattr(images.table, c)[images.first] for c in ("width", "height", "bytes", "depth")
    )
    width, height, size, depth = (np.where(c > 0, c, np.nan) for c in columns)
    pixels = width * height
    yield size_figure(pixels)
    yield Figure(2 * np.log2(width) - np.log2(pixels), 0.15, _either("wider", "taller"))
    yield Figure(np.log2(8 * size / pixels + 0.05), 0.3, _bytes)
    yield Figure(np.log2(depth), 0.05, _depth)


def figures_of_moments(mean: Sequence[Array], std: Array, *, exact: bool) -> Iterator[Figure]:
    """Yield those of the mean in each channel, and of the std over all; exact: of integers."""
    average = np.mean(mean, axis=0)
    if exact:  # log odds, in which black and white are far away
        yield Figure(np.log2((average + 0.02) / (1.02 - average)), 0.2, _brighter)
    else:
        yield Figure(average, 0.04, _brighter)
    for channel in (0, 2)[: len(mean) - 1]:
        yield Figure(mean[channel] - mean[1], 0.03, _either("channels differ", "channels differ"))
    yield Figure(np.log2(std + 0.02), 0.2, _either("more contrast", "less contrast"))


def size_figure(pixels: Array) -> Figure:
    return Figure(np.log2(pixels), 0.3, _size)


def _average(values: Array) -> Array:
    average: Array = values.mean(axis=1)
    return average


def _evenness(images: TableImages) -> Array:
    """Return how little the entropy is below that of values that are all equally frequent."""
    most = np.log2(images.table.scale.max(initial=1) + 1.0)
    evenness: Array = -np.log2(np.maximum(most - _average(images.entropy), 0.0) + 0.003)
    return evenness


def _brighter(value: float, usual: float) -> str:
    if abs(value) > 4.3:  # a mean below 0.03 or above 0.97
        return "almost white" if value > 0 else "almost black"
    return "brighter" if value > usual else "darker"


def _either(above: str, below: str = "") -> Words:
    return lambda value, usual: above if value > usual else below


def _size(value: float, usual: float) -> str:
    sides = _times((value - usual) / 2)
    return f"{sides} larger" if value > usual else f"{sides} smaller"


def _bytes(value: float, usual: float) -> str:
    more = "more" if value > usual else "fewer"
    return f"{_times(value - usual)} {more} bytes a pixel"


def _depth(value: float, usual: float) -> str:
    return f"{2**value:.0f} bits, not {2**usual:.0f}"


def _times(doublings: float) -> str:
    factor = 2.0 ** abs(doublings)
    return f"{factor:.0f} times" if factor >= 9.5 else f"{factor:.1f} times"
