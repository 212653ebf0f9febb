"""Samples of shape (C, H, W), in whatever order they lie in memory, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bnstat.moments import Ints

T = TypeVar("T", bound=np.generic)

# Samples of a channel in a block, about: numpy's copies of it stay in the processor's cache.
_BLOCK = 1 << 16


def blocks(planes: NDArray[Any], dtype: type[T]) -> Iterator[NDArray[T]]:
    """Yield the samples as contiguous arrays of shape (C, samples)."""
    channels, height, width = planes.shape
    rows = max(1, _BLOCK // width)
    for top in range(0, height, rows):
        block = np.array(planes[:, top : top + rows], dtype=dtype, order="C")
        yield block.reshape(channels, -1)


def counts_of(planes: NDArray[Any], values: int) -> Ints:
    """Return how often each value below `values` occurs, int64 of shape (C, values)."""
    counts = np.zeros((len(planes), values), dtype=np.int64)
    for block in blocks(planes, np.int64):
        counts += [np.bincount(samples, minlength=values) for samples in block]
    return counts
