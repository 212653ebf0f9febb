"""Moments of many draws, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bnstat.moments.exact import Moments

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Table:
    """Moments of N draws of C channels.

    Attributes
    ----------
    scale
        255 or 65535 for unsigned integer samples; 1 for signed and for float samples.
    n
        Samples, int64 of shape (N, C).
    first, second
        Shape (N, C). Integer samples: Σx and Σx², int64. Float samples: the mean and M2 = Σ(x −
        mean)², float64.
    """

    scale: int
    n: Ints
    first: Ints | Floats
    second: Ints | Floats

    @classmethod
    def of_histograms(cls, counts: Ints, lowest: int = 0) -> Table:
        """Return the moments of 8- or 16-bit samples.

        Parameters
        ----------
        counts
            How often each value occurs, int64 of shape (N, C, 256) or (N, C, 65536).
        lowest
            The first value; that of signed samples, whose scale is 1, is below 0.
        """
        values = np.arange(lowest, lowest + counts.shape[2], dtype=np.int64)
        moments = counts @ np.stack([np.ones_like(values), values, values * values], axis=1)
        scale = 1 if lowest else len(values) - 1
        return cls(scale, moments[:, :, 0], moments[:, :, 1], moments[:, :, 2])

    def for_channels(self, channels: int) -> Table:
        """Return the table of so many channels, where one stands for all of them."""
        times = channels // self.n.shape[1]
        if times == 1:
            return self
        columns: list[Any] = [
            np.repeat(values, times, axis=1) for values in (self.n, self.first, self.second)
        ]
        return Table(self.scale, *columns)

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table of some rows."""
        return Table(self.scale, self.n[rows], self.first[rows], self.second[rows])

    def total(self) -> Moments:
        """Return the exact moments of all rows of integer samples together."""
        return Moments(self.scale, _totals(self.n), _totals(self.first), _totals(self.second))

    def centred(self, channel: int) -> tuple[Floats, Floats, Floats]:
        """Return n, mean and M2 of each row in one channel, float64 of shape (N,), in [0, 1].

        Where n is 0, so are the others.

        Integer sums are first taken about the integer nearest the row's mean, which int64 holds
        exactly, so that nothing cancels when they become floats.
        """
        n, first, second = (values[:, channel] for values in (self.n, self.first, self.second))
        if self.first.dtype == np.float64:
            return n.astype(np.float64), first.astype(np.float64), second.astype(np.float64)
        some = np.maximum(n, 1)
        near = (2 * first + n) // (2 * some)
        rest = first - near * n
        about_near = second - near * (first + rest)
        m2 = about_near - rest.astype(np.float64) ** 2 / some
        return n.astype(np.float64), first / (some * self.scale), m2 / self.scale**2


def _total(column: Ints) -> int:
    """Sum int64 values into a Python integer: the sum itself may pass 2⁶³."""
    high, low = column >> 32, column & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


def _totals(columns: NDArray[np.int64] | NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(_total(column) for column in columns.T.astype(np.int64, copy=False))
