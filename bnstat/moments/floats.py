"""Moments of float samples, channel by channel: n, mean and M2 = Σ(x − mean)², in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from bnstat.moments.table import Floats, Ints


class SampleError(ValueError):
    """A sample has a value of which there can be no moments."""


class NotFiniteError(SampleError):
    """A sample is NaN or infinite."""


class AboveMaximumError(SampleError):
    """A sample is above the value that all are to be divided by."""

    def __init__(self, largest: int, most: int) -> None:
        super().__init__(f"has a sample of {largest}, above --max-value {most}")


class Pooled(NamedTuple):
    """n samples of each channel, as one number or int64 of shape (C,); mean and M2 of (C,)."""

    n: Any
    mean: Floats
    m2: Floats

    def merged(self, other: Pooled) -> Pooled:
        """Return the moments of both together.

        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
        variances", Stanford STAN-CS-79-773, 1979, equation 1.5.
        """
        n = self.n + other.n
        share = other.n / np.maximum(n, 1)
        with np.errstate(invalid="ignore", over="ignore"):
            delta = other.mean - self.mean
            m2 = self.m2 + other.m2 + delta * delta * (self.n * share)
            return Pooled(n, self.mean + delta * share, m2)

    @property
    def variance(self) -> Floats:
        variance: Floats = self.m2 / self.n
        return variance

    @property
    def unbiased(self) -> Floats:
        """The variance with n − 1, which BatchNorm keeps in `running_var`; nan for one sample."""
        return np.where(self.n > 1, self.m2 / np.maximum(self.n - 1, 1), np.nan)


class Centred(NamedTuple):
    """The float samples of one image, centred within it.

    n: samples, int64 of shape (C,); mean, m2: float64 of shape (C,); ends: the smallest and the
    largest sample, float64 of shape (C, 2), NaN where n is 0.
    """

    n: Ints
    mean: Floats
    m2: Floats
    ends: Floats

    @classmethod
    def empty(cls) -> Centred:
        """Return those of one channel without samples."""
        return cls(np.zeros(1, np.int64), np.zeros(1), np.zeros(1), np.full((1, 2), np.nan))

    def each(self, channels: int) -> Centred:
        repeated: list[Any] = [np.repeat(values, channels, axis=0) for values in self]
        return Centred(*repeated)

    def divided(self, unit: float) -> Centred:
        return Centred(self.n, self.mean / unit, self.m2 / unit**2, self.ends / unit)


def moments_of_floats(strips: Callable[[], Iterable[Floats]]) -> Centred:
    """Return the moments of an image's samples, centred within the image.

    M2 is Σd² − (Σd)²/n over the deviations d from the rounded mean: the corrected two-pass formula
    (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", The American
    Statistician 37(3), 1983, equation 1.7).

    `strips` gives the image in pieces, each float64 of shape (C, samples); it is called twice, once
    for the mean and once for the squared deviations from it. NotFiniteError if a sample is not.
    """
    n, sums, ends = 0, [], []
    for strip in strips():
        n += strip.shape[1]
        with np.errstate(invalid="ignore"):  # ∞ − ∞ is refused below
            ends.append((strip.min(axis=1), strip.max(axis=1)))
            sums.append(_sums(strip))
    if not np.isfinite(sums).all():
        raise NotFiniteError("has NaN or infinite samples")
    mean = _added(sums) / n
    rests, squares = [], []
    for strip in strips():
        away = strip - mean[:, np.newaxis]
        rests.append(_sums(away))
        squares.append(_sums(np.square(away, out=away)))
    m2 = np.maximum(_added(squares) - _added(rests) ** 2 / n, 0.0)
    low, high = zip(*ends, strict=True)
    return Centred(np.full(len(mean), n), mean, m2, np.stack([np.min(low, 0), np.max(high, 0)], 1))


def _sums(strip: Floats) -> Floats:
    """Return the sum of each channel.

    numpy sums pairwise only along the axis that is contiguous in memory; along another it adds one
    by one, and loses digits with the number of samples.
    """
    sums: Floats = np.ascontiguousarray(strip).sum(axis=1)
    return sums


def _added(rows: list[Floats]) -> Floats:
    return np.array([math.fsum(column) for column in zip(*rows, strict=True)])
