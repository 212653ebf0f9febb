"""Moments: of many draws, a row each; and the exact total of integer samples."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """n, Σx and Σx² of integer samples per channel; they merge by addition, without rounding.

    scale: the largest value of the samples' depth, 255 for 8 bits, 65535 for 16; n: a selection of
    pixels may leave different numbers; sum, sum_of_squares: one Python integer a channel (a large
    16-bit set passes 2⁶³), in units of `scale` and `scale`².

    >>> black_and_white = Moments(scale=255, n=(2,), sum=(255,), sum_of_squares=(65025,))
    >>> black_and_white.mean(), black_and_white.var()
    ((0.5,), (0.25,))
    """

    scale: int
    n: tuple[int, ...]
    sum: tuple[int, ...]
    sum_of_squares: tuple[int, ...]

    def at(self, scale: int) -> Moments:
        """Return the same samples in units of a deeper scale; 65535 = 255 · 257, so it is exact."""
        factor = scale // self.scale
        return Moments(
            scale,
            self.n,
            tuple(s * factor for s in self.sum),
            tuple(q * factor**2 for q in self.sum_of_squares),
        )

    def __add__(self, other: Moments) -> Moments:
        return self._combined(other, operator.add)

    def __sub__(self, other: Moments) -> Moments:
        """Return the moments without those of samples that are among them."""
        return self._combined(other, operator.sub)

    def _combined(self, other: Moments, each: Callable[[int, int], int]) -> Moments:
        scale = max(self.scale, other.scale)
        a, b = self.at(scale), other.at(scale)
        pairs = ((a.n, b.n), (a.sum, b.sum), (a.sum_of_squares, b.sum_of_squares))
        return Moments(
            scale, *(tuple(each(*both) for both in zip(x, y, strict=True)) for x, y in pairs)
        )

    def mean(self) -> tuple[float, ...]:
        """Return Σx / (n·scale) per channel in [0, 1], rounded once; every n must be above 0."""
        return tuple(s / (n * self.scale) for n, s in zip(self.n, self.sum, strict=True))

    def var(self) -> tuple[float, ...]:
        """Return the population variance (n·Σx² − (Σx)²) / (n·scale)² per channel, rounded once.

        In exact integers this is the two-pass formula Σ(x − mean)² / n; in floating point it would
        cancel.
        """
        return tuple(
            (n * q - s * s) / (n * self.scale) ** 2
            for n, s, q in zip(self.n, self.sum, self.sum_of_squares, strict=True)
        )


@dataclass(frozen=True)
class MomentsTable:
    """Moments of N draws of C channels.

    scale: 255 or 65535 for unsigned integer samples, 1 for signed and for float samples; n: int64
    of shape (N, C); sum_or_mean, sumsq_or_m2: of this shape, of integer samples Σx and Σx², int64,
    of floats the mean and M2 = Σ(x − mean)², float64; ends: the smallest and the largest sample,
    float64 of shape (N, C, 2), NaN where n is 0; None where a histogram tells them, or where they
    are not known.
    """

    scale: int
    n: Ints
    sum_or_mean: Ints | Floats
    sumsq_or_m2: Ints | Floats
    ends: Floats | None = None

    @classmethod
    def of_histograms(cls, counts: Ints) -> MomentsTable:
        """Return the moments of 8- or 16-bit samples.

        `counts` is how often each value occurs, int64 of shape (N, C, 256) or (N, C, 65536).
        """
        values = np.arange(counts.shape[2], dtype=np.int64)
        moments = counts @ np.stack([np.ones_like(values), values, values * values], axis=1)
        return cls(len(values) - 1, moments[:, :, 0], moments[:, :, 1], moments[:, :, 2])

    def for_channels(self, channels: int) -> MomentsTable:
        """Return the table of so many channels, where one stands for all of them."""
        times = channels // self.n.shape[1]
        return self._each(lambda values: np.repeat(values, times, axis=1)) if times > 1 else self

    def take(self, rows: Sequence[int] | Ints) -> MomentsTable:
        return self._each(lambda values: values[rows])

    def _each(self, change: Callable[[Any], Any]) -> MomentsTable:
        columns = (self.n, self.sum_or_mean, self.sumsq_or_m2)
        ends = None if self.ends is None else change(self.ends)
        n, first, second = map(change, columns)
        return MomentsTable(self.scale, n, first, second, ends)

    @classmethod
    def joined(cls, tables: Sequence[MomentsTable]) -> MomentsTable:
        ends = [table.ends for table in tables if table.ends is not None]
        return cls(
            tables[0].scale,
            np.concatenate([table.n for table in tables]),
            np.concatenate([table.sum_or_mean for table in tables]),
            np.concatenate([table.sumsq_or_m2 for table in tables]),
            np.concatenate(ends) if len(ends) == len(tables) else None,
        )

    def total(self) -> Moments:
        """Return the exact moments of all rows of integer samples together."""
        sums = (exact_sums(values) for values in (self.n, self.sum_or_mean, self.sumsq_or_m2))
        return Moments(self.scale, *sums)

    def centred(self, channel: int) -> ChannelMoments:
        """Return one channel; where n is 0, so are the others.

        Integer sums are first taken about the integer nearest the row's mean, which int64 holds
        exactly, so that nothing cancels when they become floats.
        """
        columns = (self.n, self.sum_or_mean, self.sumsq_or_m2)
        n, first, second = (values[:, channel] for values in columns)
        if self.sum_or_mean.dtype == np.float64:
            return ChannelMoments(*(values.astype(np.float64) for values in (n, first, second)))
        some = np.maximum(n, 1)
        near = (2 * first + n) // (2 * some)
        rest = first - near * n
        about_near = second - near * (first + rest)
        m2 = about_near - rest.astype(np.float64) ** 2 / some
        return ChannelMoments(n.astype(np.float64), first / (some * self.scale), m2 / self.scale**2)


def exact_sums(columns: NDArray[Any]) -> tuple[int, ...]:
    """Return the sum of each column of integers, (N, C), which itself may pass 2⁶³."""
    integers = columns.astype(np.int64, copy=False).T
    return tuple((int((c >> 32).sum()) << 32) + int((c & 0xFFFFFFFF).sum()) for c in integers)


class ChannelMoments(NamedTuple):
    """One channel of all records, in key order: n, mean and M2 of each, float64 in [0, 1]."""

    n: Floats
    mean: Floats
    m2: Floats

    def counted(self) -> ChannelMoments:
        some = self.n > 0
        return self if some.all() else ChannelMoments(*(values[some] for values in self))

    def joined(self, rows: Ints, number: int) -> ChannelMoments:
        n = _sums_at(rows, self.n, number)
        mean = _sums_at(rows, self.n * self.mean, number) / np.maximum(n, 1)
        away = self.mean - mean[rows]
        return ChannelMoments(n, mean, _sums_at(rows, self.m2 + self.n * away * away, number))


def _sums_at(rows: Ints, values: Floats, number: int) -> Floats:
    return np.bincount(rows, values, number).astype(np.float64)
