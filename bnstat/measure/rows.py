"""The rows of a table of records, kept while images are measured."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from bnstat.measure.texts_by_key import TextsByKey
from bnstat.moments import (
    Appearance,
    Appearances,
    ChunkMoments,
    Floats,
    Ints,
    Kind,
    MomentsTable,
    Records,
)
from bnstat.moments.histograms import HistogramFigures
from bnstat.moments.keys import Keys
from bnstat.result.tables import NULL, RecordTable
from bnstat.sources.reference import Reference
from bnstat.text import key_text

T = TypeVar("T")
NameOf: TypeAlias = Callable[[bytes], str | None]

_BATCH = 10_000
# Instead of the number of a part.
_FAILED = -1
# What is kept of each image, and of each draw of it.
_OF_IMAGES = ("size", "width", "height", "depth")
_OF_DRAWS = ("low", "high", "entropy", "hashes")


def ungrouped(key: bytes) -> str | None:
    return None


@dataclass
class _Columns:
    """What a table tells of the images of one kind besides their moments, in flat arrays.

    The bits of floats, and of unsigned numbers, are kept as signed ones.
    """

    paths: Keys = field(default_factory=Keys)
    modes: list[str] = field(default_factory=list)
    numbers: dict[str, array[int]] = field(
        default_factory=lambda: {name: array("q") for name in (*_OF_IMAGES, *_OF_DRAWS)}
    )

    def add(
        self, images: Sequence[Reference], seen: Sequence[Appearance], figures: HistogramFigures
    ) -> None:
        numbers = self.numbers
        self.paths.extend([image.path for image in images])
        numbers["size"].extend(image.share for image in images)
        columns = (numbers["width"], numbers["height"], self.modes, numbers["depth"])
        for column, values in zip(columns, zip(*seen, strict=True), strict=False):
            column.extend(values)  # type: ignore[attr-defined]
        for name in _OF_DRAWS:
            numbers[name].frombytes(getattr(figures, name).tobytes())

    def take(self, name: str, images: Ints) -> Any:
        """Return the numbers of some images: int64 of shape (images, numbers of each)."""
        return np.frombuffer(self.numbers[name], np.int64).reshape(len(self.paths), -1)[images]


@dataclass
class Rows:
    """What a table of records tells besides the moments, which `Records` keep in the same order.

    draws: records of each image. Of images that failed, locations and sizes are kept as texts.
    """

    draws: int
    _columns: dict[Kind, _Columns] = field(default_factory=dict)
    _failed: TextsByKey = field(default_factory=TextsByKey)

    def add(
        self,
        chunk: Sequence[Reference],
        appearances: Appearances,
        moments: Iterable[ChunkMoments],
        failed: Iterable[int],
    ) -> None:
        """Add what was measured of a chunk, by its rows; also add its moments to the records."""
        for kind_moments in moments:
            assert kind_moments.histogram_figures is not None
            rows = kind_moments.rows[:: self.draws]
            images, seen = [chunk[row] for row in rows], [appearances[row] for row in rows]
            columns = self._columns.setdefault(kind_moments.kind, _Columns())
            columns.add(images, seen, kind_moments.histogram_figures)
        for row in failed:
            image = chunk[row]
            self._failed.add([(image.key, f"{image.share} {key_text(image.path)}")])

    def batches(
        self, records: Records, failures: TextsByKey, name_of: NameOf = ungrouped
    ) -> Iterator[RecordTable]:
        """Yield the rows in the order of their keys, some thousands at a time.

        `failures` are the reasons of all that failed.
        """
        parts = [
            _Part(keys, partial(self._table, kind, keys, table, name_of), self.draws)
            for kind, keys, table in records.by_kind()
        ]
        channels = records.channels if parts else ()
        measured = (_in_order(number, part.keys) for number, part in enumerate(parts))
        rows = heapq.merge(*measured, self._failures(failures), key=itemgetter(0))
        while batch := list(islice(rows, _BATCH)):
            yield _joined(batch, parts, partial(_failures, channels, name_of))

    def _failures(self, failures: TextsByKey) -> Iterator[tuple[bytes, int, _Failed]]:
        kept = iter(self._failed)
        known = next(kept, None)
        for key, reason in failures:
            size, path = str(NULL), ""
            if known is not None and known[0] == key:
                size, _, path = known[1].partition(" ")
                known = next(kept, None)
            yield key, _FAILED, _Failed(key, reason, int(size), path)

    def _table(
        self, kind: Kind, keys: Keys, table: MomentsTable, name_of: NameOf, images: Ints
    ) -> RecordTable:
        draws, columns = self.draws, self._columns[kind]
        rows = (images[:, np.newaxis] * draws + np.arange(draws)).ravel()
        moments = table.take(rows)
        n = moments.n
        size, width, height, depth = (np.repeat(columns.take(c, images), draws) for c in _OF_IMAGES)
        low, high, entropy = (
            columns.take(name, images).reshape(n.shape) for name in ("low", "high", "entropy")
        )
        mean, std = _mean_and_std(moments)
        exact = kind.scale != 1  # of signed samples, which are of scale 1, sums are not told
        return RecordTable(
            kind.channels,
            key=_repeated(keys.texts(images), draws),
            location=_repeated(columns.paths.texts(images), draws),
            group=_repeated(map(name_of, keys.take(images)), draws),
            epoch=np.tile(np.arange(draws), len(images)),
            width=width,
            height=height,
            depth=depth,
            bytes=size,
            scale=np.full(len(n), table.scale if exact else 1),
            mode=_repeated((columns.modes[image] for image in images), draws),
            failure=[None] * len(n),
            histogram_hash=columns.take("hashes", images).reshape(-1).view(np.uint64),
            n=n,
            sum=_sums(moments.sum_or_mean, exact),
            sum_of_squares=_sums(moments.sumsq_or_m2, exact),
            mean=mean,
            std=std,
            low=_share(low, n) if exact else np.full(n.shape, np.nan),
            high=_share(high, n) if exact else np.full(n.shape, np.nan),
            entropy=entropy.view(np.float64),
        )


class _Failed(NamedTuple):
    key: bytes
    reason: str
    bytes: int
    location: str


class _Part(NamedTuple):
    """Images of which one function makes rows: by their places in `keys`."""

    keys: Keys
    rows_of: Callable[[Ints], RecordTable]
    draws: int


def _in_order(number: int, keys: Keys) -> Iterator[tuple[bytes, int, int]]:
    """Yield key, number of the part and place in it of the images of a part, by key."""
    if keys.ascending:
        return ((key, number, place) for place, key in enumerate(keys))
    known = list(keys)
    return ((known[i], number, i) for i in sorted(range(len(known)), key=known.__getitem__))


def _joined(
    batch: Sequence[tuple[bytes, int, Any]],
    parts: Sequence[_Part],
    failures: Callable[[Sequence[_Failed]], RecordTable],
) -> RecordTable:
    """Return the rows of images in their order, from all parts and of those that failed."""
    tables, positions = [], []
    numbers = np.array([number for _, number, _ in batch])
    for number in np.unique(numbers).tolist():
        at = np.flatnonzero(numbers == number)
        members = [batch[i][2] for i in at.tolist()]
        if number == _FAILED:
            tables.append(failures(members))
            positions.append(at)
        else:
            tables.append(parts[number].rows_of(np.array(members)))
            positions.append(np.repeat(at, parts[number].draws))
    if len(tables) == 1:
        return tables[0]
    return RecordTable.joined(tables).take(np.argsort(np.concatenate(positions), kind="stable"))


def _failures(channels: tuple[str, ...], name_of: NameOf, failed: Sequence[_Failed]) -> RecordTable:
    none = np.full(len(failed), NULL)
    no_sums = np.zeros((len(failed), len(channels)), np.int64)
    no_figures = np.full(no_sums.shape, np.nan)
    return RecordTable(
        channels,
        key=[key_text(image.key) for image in failed],
        location=[image.location for image in failed],
        group=[name_of(image.key) for image in failed],
        epoch=np.zeros_like(none),
        width=none,
        height=none,
        depth=none,
        bytes=np.array([image.bytes for image in failed]),
        scale=np.zeros_like(none),
        mode=[None] * len(failed),
        failure=[image.reason for image in failed],
        histogram_hash=np.zeros(len(failed), np.uint64),
        n=no_sums,
        sum=no_sums,
        sum_of_squares=no_sums,
        mean=no_figures,
        std=no_figures,
        low=no_figures,
        high=no_figures,
        entropy=no_figures,
    )


def _repeated(values: Iterable[T], draws: int) -> list[T]:
    if draws == 1:
        return list(values)
    return [value for value in values for _ in range(draws)]


def _mean_and_std(table: MomentsTable) -> tuple[Floats, Floats]:
    columns = [table.centred(channel) for channel in range(table.n.shape[1])]
    means = np.stack([mean for _, mean, _ in columns], axis=1)
    m2 = np.stack([m2 for _, _, m2 in columns], axis=1)
    return np.where(table.n > 0, means, np.nan), np.sqrt(_share(m2, table.n))


def _sums(values: Ints | Floats, exact: bool) -> Ints:
    return values.astype(np.int64, copy=False) if exact else np.zeros(values.shape, np.int64)


def _share(part: Ints | Floats, n: Ints) -> Floats:
    """Return a part of the samples; NaN of none."""
    share: Floats = np.divide(part, n, out=np.full(n.shape, np.nan), where=n > 0)
    return share
