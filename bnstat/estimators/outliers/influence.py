"""What each image does to the figures of its set."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bnstat.estimators.outliers.images import Array, Images
from bnstat.result import Floats
from bnstat.result.tables import RecordTable


@dataclass(frozen=True)
class Influence:
    """What single images do to mean and std of a set: its figure less that without the image.

    Of integer samples in exact arithmetic, each figure rounded once; of floats in float64.
    """

    images: Images
    whole: tuple[_Sums, ...] | None
    approximate: tuple[Array, Array] | None

    @classmethod
    def of(cls, images: Images) -> Influence:
        """Return the influence of the images of a set."""
        if (images.table.scale == 1).any():
            return cls(images, None, images.influences())
        return cls(images, _sums(images.table), None)

    def of_image(self, image: int) -> tuple[Floats, Floats]:
        """Return what one image does to mean and std, per channel; 0 for the only image."""
        if self.whole is None:
            assert self.approximate is not None
            mean, std = (values[image].tolist() for values in self.approximate)
            return tuple(mean), tuple(std)
        first, table = self.images.first, self.images.table
        end = first[image + 1] if image + 1 < len(first) else len(table)
        own = _sums(table.take(np.arange(first[image], end)))
        pairs = [_difference(all_, each) for all_, each in zip(self.whole, own, strict=True)]
        return tuple(mean for mean, _ in pairs), tuple(std for _, std in pairs)


class _Sums(NamedTuple):
    """n, Σx and Σx² of a channel, x in [0, 1]."""

    n: int
    first: Fraction
    second: Fraction


def _sums(table: RecordTable) -> tuple[_Sums, ...]:
    """Return the exact sums of all rows, per channel."""
    sums = []
    for c in range(len(table.channels)):
        total = _Sums(0, Fraction(0), Fraction(0))
        for scale in np.unique(table.scale).tolist():
            rows = table.scale == scale
            columns = (table.n, table.sum, table.sum_of_squares)
            n, first, second = (_exact_sum(column[rows, c]) for column in columns)
            total = _Sums(
                total.n + n,
                total.first + Fraction(first, scale),
                total.second + Fraction(second, scale**2),
            )
        sums.append(total)
    return tuple(sums)


def _exact_sum(values: NDArray[np.int64]) -> int:
    """Return a sum of integers of at least 0 that may pass 2⁶³."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _difference(whole: _Sums, own: _Sums) -> tuple[float, float]:
    rest = _Sums(whole.n - own.n, whole.first - own.first, whole.second - own.second)
    if not rest.n:
        return 0.0, 0.0
    return float(whole.first / whole.n - rest.first / rest.n), _std(whole) - _std(rest)


def _std(sums: _Sums) -> float:
    return math.sqrt(sums.second / sums.n - (sums.first / sums.n) ** 2)
