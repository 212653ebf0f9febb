"""Images of a table of records, and what each does to mean and std of its set."""

from __future__ import annotations

import math
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
class Images:
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
    def of(cls, table: RecordTable) -> Images:
        """Return the images of a table, of which any sample counted."""
        table = table.take(table.measured & (table.n > 0).all(axis=1))
        if not len(table):
            none = np.zeros((0, len(table.channels)))
            return cls(table, np.zeros(0, np.int64), none, none, none, none, none, none)
        first = np.flatnonzero(table.epoch == table.epoch[0])
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
        """Return the places of the images of each group."""
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


@dataclass(frozen=True)
class Influence:
    """What single images do to mean and std of a set: its figure less that without the image.

    Of integer samples in exact arithmetic, each figure rounded once; of floats in float64.
    """

    images: Images
    whole: Moments | None
    approximate: tuple[Array, Array] | None

    @classmethod
    def of(cls, images: Images) -> Influence:
        """Return the influence of the images of a set."""
        if (images.table.scale == 1).any():
            return cls(images, None, images.influences())
        return cls(images, _total(images.table), None)

    def of_image(self, image: int) -> tuple[Floats, Floats]:
        """Return what one image does to mean and std, per channel; 0 for the only image."""
        if self.whole is None:
            assert self.approximate is not None
            mean, std = (values[image].tolist() for values in self.approximate)
            return tuple(mean), tuple(std)
        first, table = self.images.first, self.images.table
        end = first[image + 1] if image + 1 < len(first) else len(table)
        rest = self.whole - _total(table.take(np.arange(first[image], end)))
        pairs = [_difference(self.whole, rest, c) for c in range(len(table.channels))]
        return tuple(mean for mean, _ in pairs), tuple(std for _, std in pairs)


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
