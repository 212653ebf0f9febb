"""Samples of shape (C, H, W), in whatever order they lie in memory, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from bnstat.moments import Floats, Ints, moments_of_floats

T = TypeVar("T", bound=np.generic)
Mask: TypeAlias = NDArray[np.bool_]

# Samples of a channel in a block, about: numpy's copies of it stay in the processor's cache.
_BLOCK = 1 << 16


def blocks(planes: NDArray[Any], dtype: type[T]) -> Iterator[NDArray[T]]:
    """Yield the samples as contiguous arrays of shape (C, samples)."""
    channels, height, width = planes.shape
    rows = max(1, _BLOCK // width)
    for top in range(0, height, rows):
        block = np.array(planes[:, top : top + rows], dtype=dtype, order="C")
        yield block.reshape(channels, -1)


def counts_of(planes: NDArray[Any], values: int, mask: Mask | None = None) -> Ints:
    """Return how often each value below `values` occurs, int64 of shape (C, values)."""
    counts = np.zeros((len(planes), values), dtype=np.int64)
    if mask is not None:
        for channel, chosen in enumerate(selected(planes, mask)):
            counts[channel] = np.bincount(chosen, minlength=values)
        return counts
    for block in blocks(planes, np.int64):
        counts += [np.bincount(samples, minlength=values) for samples in block]
    return counts


def moments_of(planes: NDArray[Any], mask: Mask | None = None) -> tuple[Ints, Floats, Floats]:
    """Return n, mean and M2 of float samples, of shape (C,); 0 where no sample counts."""
    if mask is None:
        return moments_of_floats(lambda: blocks(planes, np.float64))
    each = [_of_channel(chosen.astype(np.float64)) for chosen in selected(planes, mask)]
    n, means, m2s = zip(*each, strict=True)
    return np.array(n, dtype=np.int64), np.array(means), np.array(m2s)


def _of_channel(samples: NDArray[np.float64]) -> tuple[int, float, float]:
    if not samples.size:
        return 0, 0.0, 0.0
    n, mean, m2 = moments_of_floats(lambda: [samples[np.newaxis]])
    return int(n[0]), float(mean[0]), float(m2[0])


def selected(planes: NDArray[Any], mask: Mask) -> Iterator[NDArray[Any]]:
    """Yield the samples of each channel that count; a mask of one plane is for all channels."""
    for channel, plane in enumerate(planes):
        yield plane[mask[channel if len(mask) > 1 else 0]]


def left_out(mask: Mask | None, channels: int) -> tuple[int, ...] | None:
    """Return how many samples of each channel do not count; None without a mask."""
    if mask is None:
        return None
    numbers = (~mask).sum(axis=(1, 2)).tolist()
    return tuple(numbers if len(numbers) > 1 else numbers * channels)
