"""All moments of a run, by image key."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from bnstat.moments.exact import Moments
from bnstat.moments.table import Floats, Ints, Table
from bnstat.moments.tally import Kind, Part


class Column(NamedTuple):
    """One channel of all records, in key order: n, mean and M2 of each, float64 in [0, 1]."""

    n: Floats
    mean: Floats
    m2: Floats


@dataclass
class _Group:
    """The records of one kind in flat arrays: 8 bytes a number, nothing else a record."""

    keys: list[bytes] = field(default_factory=list)
    n: array[int] = field(default_factory=lambda: array("q"))
    first: array[int] = field(default_factory=lambda: array("q"))  # or the bits of floats
    second: array[int] = field(default_factory=lambda: array("q"))
    histogram: Ints | None = None

    def extend(self, keys: Sequence[bytes], part: Part) -> None:
        self.keys.extend(keys)
        self.n.frombytes(part.table.n.tobytes())
        self.first.frombytes(part.table.first.tobytes())
        self.second.frombytes(part.table.second.tobytes())
        if part.histogram is not None:
            self.histogram = part.histogram + (0 if self.histogram is None else self.histogram)

    @classmethod
    def joined(cls, groups: Sequence[_Group]) -> _Group:
        """Return the records of disjoint parts in the order of their keys."""
        keys = [key for group in groups for key in group.keys]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        histograms = [group.histogram for group in groups if group.histogram is not None]
        return cls(
            [keys[i] for i in order],
            _in_order([group.n for group in groups], order),
            _in_order([group.first for group in groups], order),
            _in_order([group.second for group in groups], order),
            sum(histograms[1:], start=histograms[0]) if histograms else None,
        )

    def table(self, kind: Kind) -> Table:
        dtype: type[Any] = np.float64 if kind.scale == 1 else np.int64
        shape = (len(self.n), len(kind.channels))
        return Table(
            kind.scale,
            np.frombuffer(self.n, dtype=np.int64),
            np.frombuffer(self.first, dtype=dtype).reshape(shape),
            np.frombuffer(self.second, dtype=dtype).reshape(shape),
        )


def _in_order(columns: Sequence[array[int]], order: Sequence[int]) -> array[int]:
    """Return columns as one, image after image in an order, with all draws of each."""
    numbers = np.concatenate([np.frombuffer(column, dtype=np.int64) for column in columns])
    return array("q", numbers.reshape(len(order), -1)[order].tobytes())


class Records:
    """Key and moments of each draw of a run; kinds apart, so that each stays exact.

    It holds about 60 bytes a record of three channels, and the keys.

    Attributes
    ----------
    draws
        How many records each image has, one after another: one an epoch of a pipeline.
    """

    def __init__(self, draws: int = 1) -> None:
        self.draws = draws
        self._groups: dict[Kind, _Group] = {}

    @classmethod
    def joined(cls, parts: Sequence[Records]) -> Records:
        """Return the records of disjoint parts as those of one run."""
        whole = cls(parts[0].draws)
        kinds = {kind: None for part in parts for kind in part._groups}
        groups = [
            (kind, _Group.joined([p._groups[kind] for p in parts if kind in p._groups]))
            for kind in kinds
        ]
        whole._groups = dict(sorted(groups, key=lambda group: group[1].keys[0]))
        return whole

    def __len__(self) -> int:
        """Return the number of images."""
        return sum(len(group.keys) for group in self._groups.values())

    def extend(self, keys: Sequence[bytes], part: Part) -> None:
        """Add the draws of a chunk; `keys` are those of the whole chunk, in order."""
        images = [keys[row] for row in part.rows[:: self.draws]]
        self._groups.setdefault(part.kind, _Group()).extend(images, part)

    @property
    def modes(self) -> dict[str, int]:
        """How many images there are of each mode."""
        counts: dict[str, int] = {}
        for kind, group in self._groups.items():
            counts[kind.mode] = counts.get(kind.mode, 0) + len(group.keys)
        return counts

    def drop(self, mode: str) -> list[bytes]:
        """Forget the images of one mode; return their keys."""
        kinds = [kind for kind in self._groups if kind.mode == mode]
        return [key for kind in kinds for key in self._groups.pop(kind).keys]

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, in order."""
        return next(iter(self._groups)).channels

    @property
    def scale(self) -> int:
        """The unit of the whole: 1 if any samples are floats, else that of the deepest."""
        scales = {kind.scale for kind in self._groups}
        return 1 if 1 in scales else max(scales)

    @property
    def histogram(self) -> list[list[int]] | None:
        """How often each 8-bit value occurs, (C, 256); None if any samples are not 8-bit."""
        if self.scale != 255:
            return None
        counts = [group.histogram for group in self._groups.values()]
        total: list[list[int]] = np.sum([c for c in counts if c is not None], axis=0).tolist()
        return total

    @property
    def count(self) -> int:
        """Samples per channel, of all draws."""
        return sum(sum(group.n) for group in self._groups.values())

    def total(self) -> Moments | None:
        """Return the exact moments of all integer samples; None if any samples are floats."""
        if self.scale == 1:
            return None
        tables = [group.table(kind).total() for kind, group in self._groups.items()]
        return sum(tables, start=Moments.empty(len(self.channels)))

    def keys(self) -> list[bytes]:
        """Return the key of each image, in order."""
        keys = [key for group in self._groups.values() for key in group.keys]
        return sorted(keys) if len(self._groups) > 1 else keys

    def column(self, channel: int) -> Column:
        """Return n, mean and M2 of each draw in one channel, by key and then epoch."""
        columns = [group.table(kind).centred(channel) for kind, group in self._groups.items()]
        if len(columns) == 1:
            return Column(*columns[0])
        keys = [key for group in self._groups.values() for key in group.keys]
        images = np.array(sorted(range(len(keys)), key=keys.__getitem__))
        order = (images[:, np.newaxis] * self.draws + np.arange(self.draws)).ravel()
        return Column(*(np.concatenate(column)[order] for column in zip(*columns, strict=True)))
