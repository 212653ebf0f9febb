"""All moments of a run, by image key."""

from __future__ import annotations

import functools
import operator
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from typing import TypeVar

import numpy as np

from bnstat.moments.chunk_counts import ChunkMoments, Kind
from bnstat.moments.columns import KindRecords
from bnstat.moments.keys import Keys
from bnstat.moments.table import ChannelMoments, Floats, Ints, Moments, MomentsTable

T = TypeVar("T")


class Records:
    """Key and moments of each draw of a run, in a table for each kind, so that integers stay exact.

    It holds 72 bytes a record of three channels, and of an image its key and 8 bytes.

    draws: how many records each image has, one after another, one an epoch of a pipeline; selected:
    whether only some samples count, by a selection of pixels; max_value: what all integers are
    divided by, instead of the largest value of their depth.
    """

    def __init__(
        self, draws: int = 1, *, selected: bool = False, max_value: int | None = None
    ) -> None:
        self.draws = draws
        self.selected = selected
        self.max_value = max_value
        self._groups: dict[Kind, KindRecords] = {}
        self._forget()

    def _forget(self) -> None:
        """Forget what was derived of the records that there were."""
        self._order: Ints | None = None
        self._total: Moments | None = None

    @classmethod
    def merged(cls, shards: Sequence[Records]) -> Records:
        whole = shards[0]._without_images()
        for shard in shards:
            for kind, group in shard._groups.items():
                whole._groups.setdefault(kind, KindRecords()).add(group)
        return whole

    def _without_images(self) -> Records:
        return Records(self.draws, selected=self.selected, max_value=self.max_value)

    def _table(self, kind: Kind, group: KindRecords) -> MomentsTable:
        own = self.max_value if kind.integral else None
        return group.table(kind, own or kind.scale)

    def __len__(self) -> int:
        return sum(len(group.keys) for group in self._groups.values())

    def extend(self, keys: Sequence[bytes], moments: ChunkMoments) -> None:
        """Add the draws of a chunk; `keys` are those of the whole chunk, in order.

        Chunks may come in any order.
        """
        self._forget()
        images = [keys[row] for row in moments.rows[:: self.draws]]
        self._groups.setdefault(moments.kind, KindRecords()).extend(images, moments)

    def chunks(self) -> Iterator[tuple[list[bytes], ChunkMoments]]:
        """Yield all records by kind, as `extend` takes them."""
        for kind, group in self._groups.items():
            keys, excluded = list(group.keys), group.excluded_count
            rows = [row for row in range(len(keys)) for _ in range(self.draws)]
            table = group.table(kind, kind.scale)
            counts = None
            if excluded is not None:  # of all together; the first stands for them
                counts = np.zeros(table.n.shape, np.int64)
                counts[0] = excluded
            yield keys, ChunkMoments(kind, rows, table, group.histogram, excluded_count=counts)

    @property
    def kinds(self) -> Set[Kind]:
        return self._groups.keys()

    @property
    def modes(self) -> dict[str, int]:
        counts = Counter[str]()
        for kind, group in self._groups.items():
            counts[kind.mode] += len(group.keys)
        return dict(counts)

    def drop(self, mode: str) -> list[bytes]:
        self._forget()
        kinds = [kind for kind in self._groups if kind.mode == mode]
        return [key for kind in kinds for key in self._groups.pop(kind).keys]

    @property
    def channels(self) -> tuple[str, ...]:
        return next(iter(self._groups)).channels

    @property
    def scale(self) -> int:
        """The unit of the whole: 1 if any samples are floats, else that of the deepest."""
        if self.max_value is not None and all(kind.integral for kind in self._groups):
            return self.max_value
        return self._depth

    @property
    def _depth(self) -> int:
        """The largest value of the deepest samples; 1 if any are floats or signed."""
        scales = {kind.scale for kind in self._groups}
        return 1 if 1 in scales else max(scales)

    @property
    def several_depths(self) -> bool:
        return {255, 65535} <= {kind.scale for kind in self._groups}

    @property
    def histogram(self) -> Ints | None:
        """How often each value occurs, int64 of shape (C, 256 or 65536); None of floats.

        8-bit values of a deeper whole stand at their multiples: 65535 = 255 · 257.
        """
        depth = self._depth
        if depth == 1:
            return None
        total = np.zeros((len(self.channels), depth + 1), dtype=np.int64)
        for kind, group in self._groups.items():
            if group.histogram is None:
                return None
            total[:, :: depth // kind.scale] += group.histogram
        return total

    @property
    def count(self) -> tuple[int, ...]:
        """Samples of each channel, of all draws."""
        return tuple(np.sum([table.n.sum(axis=0) for table in self._tables()], axis=0).tolist())

    @property
    def excluded_count(self) -> tuple[int, ...]:
        """Samples of each channel, of all draws, that did not count."""
        known = (group.excluded_count for group in self._groups.values())
        counts = [each for each in known if each is not None]
        return tuple(np.sum(counts, axis=0).tolist()) if counts else (0,) * len(self.channels)

    @property
    def empty(self) -> int:
        """Images of which no sample of any draw counts."""
        drawn = (table.n.any(axis=1).reshape(-1, self.draws) for table in self._tables())
        return sum(int((~draws.any(axis=1)).sum()) for draws in drawn)

    def total(self) -> Moments | None:
        """Return the exact moments of all integer samples; None if any samples are floats."""
        if self._total is None and all(kind.integral for kind in self._groups):
            self._total = functools.reduce(operator.add, (t.total() for t in self._tables()))
        return self._total

    def _tables(self) -> list[MomentsTable]:
        return [self._table(kind, group) for kind, group in self._groups.items()]

    def set_histograms(self, histograms: Mapping[Kind, Ints | None]) -> None:
        """Set the histograms of all samples of each kind, which `split` does not know."""
        for kind, group in self._groups.items():
            group.histogram = histograms.get(kind)

    def ends(self, kind: Kind) -> Floats | None:
        """Return the ends of the samples of one kind, of shape (C, 2), in the unit of its table.

        None where they are not known; NaN in a channel of which no sample counts.
        """
        group = self._groups[kind]
        table = self._table(kind, group)
        unit = table.scale if kind.integral else 1
        if table.ends is not None:
            low, high = np.fmin.reduce(table.ends[:, :, 0]), np.fmax.reduce(table.ends[:, :, 1])
            return np.stack([low, high], axis=1) / unit
        if group.histogram is None:
            return None
        occurring = [np.flatnonzero(counts) for counts in group.histogram]
        rows = [values[[0, -1]] if values.size else (np.nan, np.nan) for values in occurring]
        return np.array(rows, np.float64) / unit

    def largest(self, scale: int) -> int:
        """Return the largest of the integer samples of one depth; 0 where there are none."""
        histograms = [
            group.histogram
            for kind, group in self._groups.items()
            if kind.scale == scale and group.histogram is not None
        ]
        return max((int(np.flatnonzero(h.any(axis=0))[-1]) for h in histograms), default=0)

    def have_equal_channels(self) -> bool:
        """Whether all channels of each record are equal, as those of gray images in RGB are."""
        return all(self._are_equal(0, channel) for channel in range(1, len(self.channels)))

    def by_kind(self) -> Iterator[tuple[Kind, Keys, MomentsTable]]:
        """Yield the keys and moments of each kind, as they were added."""
        for kind, group in self._groups.items():
            yield kind, group.keys, self._table(kind, group)

    def split(self, label_of: Callable[[bytes], str]) -> dict[str, Records]:
        """Return the records of the images under each label, without histograms."""
        shares: dict[str, Records] = {}
        for kind, group in self._groups.items():
            rows: dict[str, list[int]] = {}
            keys = list(group.keys)
            for row, key in enumerate(keys):
                rows.setdefault(label_of(key), []).append(row)
            for label, chosen in rows.items():
                share = shares.setdefault(label, self._without_images())
                share._groups[kind] = group.take(chosen, keys)
        return shares

    def joined(self, name_of: Callable[[bytes], bytes]) -> Records:
        """Return the records of images of one name as those of one image, of float samples."""
        names: dict[bytes, int] = {}
        images = [names.setdefault(name_of(key), len(names)) for key in self._as_added()]
        rows = np.array(images, np.int64)[:, np.newaxis] * self.draws + np.arange(self.draws)
        columns = [
            self.column(c, in_order=False).joined(rows.ravel(), len(names) * self.draws)
            for c in range(len(self.channels))
        ]
        whole = Records(self.draws, selected=self.selected)
        joined = KindRecords.of_columns(list(names), columns)
        whole._groups[Kind("F", self.channels, 1)] = joined
        return whole

    def keys(self) -> Collection[bytes]:
        keys = self._as_added()
        return keys if keys.ascending else sorted(keys)

    def column(self, channel: int, *, in_order: bool = True) -> ChannelMoments:
        """Return n, mean and M2 of each draw in one channel, by key and then epoch.

        With `in_order=False`, images come as they were added, which needs no sorting.
        """
        columns = [table.centred(channel) for table in self._tables()]
        keys, whole = self._as_added(), columns[0]
        if len(columns) > 1:
            whole = ChannelMoments(*map(np.concatenate, zip(*columns, strict=True)))
        if keys.ascending or not in_order:
            return whole
        if self._order is None:
            self._order = np.array(sorted(range(len(keys)), key=list(keys).__getitem__))
        order = (self._order[:, np.newaxis] * self.draws + np.arange(self.draws)).ravel()
        return ChannelMoments(*(values[order] for values in whole))

    def by_channel(self, figure: Callable[[int], T]) -> list[T]:
        """Return a figure of each channel, by its number.

        It is computed once for channels that are equal, as those of gray images in RGB are.
        """
        found: list[T] = []
        for channel in range(len(self.channels)):
            same = next((c for c in range(channel) if self._are_equal(c, channel)), None)
            found.append(figure(channel) if same is None else found[same])
        return found

    def _are_equal(self, one: int, other: int) -> bool:
        return all(
            np.array_equal(values[:, one], values[:, other])
            for table in self._tables()
            for values in (table.sum_or_mean, table.sumsq_or_m2, table.n)
        )

    def _as_added(self) -> Keys:
        """Return the keys, kind after kind, as images came: folders are walked in order."""
        if len(self._groups) == 1:
            return next(iter(self._groups.values())).keys
        keys = Keys()
        for group in self._groups.values():
            keys.extend(list(group.keys))
        return keys
