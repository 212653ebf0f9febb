"""The records of one kind of image, in flat arrays."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from bnstat.moments.chunk_counts import ChunkMoments, Kind
from bnstat.moments.keys import Keys
from bnstat.moments.table import ChannelMoments, Ints, MomentsTable

# The columns of a `MomentsTable`.
_COLUMNS = ("n", "sum_or_mean", "sumsq_or_m2")

_numbers = partial(array, "q")


@dataclass
class KindRecords:
    """The records of one kind in flat arrays: 8 bytes a number, nothing else a record."""

    keys: Keys = field(default_factory=Keys)
    n: array[int] = field(default_factory=_numbers)
    sum_or_mean: array[int] = field(default_factory=_numbers)  # or the bits of floats
    sumsq_or_m2: array[int] = field(default_factory=_numbers)
    ends: array[int] = field(default_factory=_numbers)  # of all records, or they are not known
    histogram: Ints | None = None
    excluded_count: Ints | None = None

    @classmethod
    def of_columns(cls, keys: Sequence[bytes], columns: Sequence[ChannelMoments]) -> KindRecords:
        """Return those of float samples with n, mean and M2 of each channel."""
        made = cls()
        made.keys.extend(keys)
        for name, values in zip(_COLUMNS, zip(*columns, strict=True), strict=True):
            dtype = np.int64 if name == "n" else np.float64
            getattr(made, name).frombytes(np.stack(values, axis=1).astype(dtype).tobytes())
        return made

    def extend(self, keys: Sequence[bytes], moments: ChunkMoments) -> None:
        """Add those of a chunk; `keys` are of the images that have some."""
        self.keys.extend(keys)
        for name in _COLUMNS:
            getattr(self, name).frombytes(getattr(moments.table, name).tobytes())
        if moments.table.ends is not None:
            self.ends.frombytes(moments.table.ends.tobytes())
        self.histogram = _added(self.histogram, moments.histogram)
        if moments.excluded_count is not None:
            self.excluded_count = _added(self.excluded_count, moments.excluded_count.sum(axis=0))

    def add(self, other: KindRecords) -> None:
        self.keys.extend(list(other.keys))
        for name in (*_COLUMNS, "ends"):
            getattr(self, name).extend(getattr(other, name))
        self.histogram = _added(self.histogram, other.histogram)
        self.excluded_count = _added(self.excluded_count, other.excluded_count)

    def take(self, images: Sequence[int], keys: Sequence[bytes]) -> KindRecords:
        """Return some images, by their places; `keys` are those of all."""
        taken = KindRecords()
        taken.keys.extend([keys[image] for image in images])
        for name in (*_COLUMNS, "ends") if self._knows_ends else _COLUMNS:
            numbers = np.frombuffer(getattr(self, name), dtype=np.int64).reshape(len(keys), -1)
            getattr(taken, name).frombytes(numbers[images].tobytes())
        return taken

    @property
    def _knows_ends(self) -> bool:
        return len(self.ends) == 2 * len(self.n)

    def table(self, kind: Kind, scale: int) -> MomentsTable:
        """Return them as a table over the arrays, nothing copied."""
        dtype: type[Any] = np.int64 if kind.integral else np.float64
        shape = (-1, len(kind.channels))
        return MomentsTable(
            scale,
            np.frombuffer(self.n, dtype=np.int64).reshape(shape),
            np.frombuffer(self.sum_or_mean, dtype=dtype).reshape(shape),
            np.frombuffer(self.sumsq_or_m2, dtype=dtype).reshape(shape),
            np.frombuffer(self.ends).reshape(*shape, 2) if self._knows_ends else None,
        )


def _added(one: Ints | None, other: Ints | None) -> Ints | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
