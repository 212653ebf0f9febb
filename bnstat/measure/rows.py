"""The rows of a table of records, kept while images are measured."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np

from bnstat.decode.modes import Appearance
from bnstat.moments import ChunkMoments, Floats, Ints, Kind, Table
from bnstat.moments.keys import Keys
from bnstat.result.tables import RecordTable
from bnstat.result.tables.table import NULL
from bnstat.sources.reference import Reference
from bnstat.text import key_text

T = TypeVar("T")
NameOf: TypeAlias = Callable[[bytes], str | None]

_BATCH = 10_000
_NUMBERS = (
    "size",
    "width",
    "height",
    "depth",
    "n",
    "sum_or_mean",
    "sumsq_or_m2",
    "low",
    "high",
    "hashes",
)


def ungrouped(key: bytes) -> str | None:
    """Return no name."""
    return None


def _numbers() -> array[int]:
    return array("q")


@dataclass
class _Images:
    """The measured images of one kind, in flat arrays; those from `n` on are of each draw."""

    keys: Keys = field(default_factory=Keys)
    places: Keys = field(default_factory=Keys)
    modes: list[str] = field(default_factory=list)
    size: array[int] = field(default_factory=_numbers)
    width: array[int] = field(default_factory=_numbers)
    height: array[int] = field(default_factory=_numbers)
    depth: array[int] = field(default_factory=_numbers)
    n: array[int] = field(default_factory=_numbers)
    sum_or_mean: array[int] = field(default_factory=_numbers)  # or the bits of floats
    sumsq_or_m2: array[int] = field(default_factory=_numbers)
    low: array[int] = field(default_factory=_numbers)
    high: array[int] = field(default_factory=_numbers)
    hashes: array[int] = field(default_factory=_numbers)  # the bits of unsigned numbers

    def add(
        self, images: Sequence[Reference], seen: Sequence[Appearance], moments: ChunkMoments
    ) -> None:
        self.keys.extend([image.key for image in images])
        self.places.extend([image.path for image in images])
        self.size.extend(image.size for image in images)
        columns = (self.width, self.height, self.modes, self.depth)
        for column, values in zip(columns, zip(*seen, strict=True), strict=True):
            column.extend(values)  # type: ignore[attr-defined]
        assert moments.extremes is not None
        for source in (moments.table, moments.extremes):
            for name in _NUMBERS:
                if hasattr(source, name):
                    getattr(self, name).frombytes(getattr(source, name).tobytes())

    def column(self, name: str, images: Ints) -> Any:
        """Return the numbers of some images: int64 of shape (images, numbers of each)."""
        return np.frombuffer(getattr(self, name), np.int64).reshape(len(self.keys), -1)[images]

    def table(self, kind: Kind, draws: int, name_of: NameOf, images: Ints) -> RecordTable:
        """Return the rows of some images."""
        keys = self.keys.take(images)
        columns = {name: self.column(name, images) for name in _NUMBERS}
        each = {name: np.repeat(columns[name][:, 0], draws) for name in _NUMBERS[:4]}
        width = len(kind.channels)
        n, first, second, low, high = (columns[name].reshape(-1, width) for name in _NUMBERS[4:9])
        exact = kind.scale != 1  # of signed samples, which are of scale 1, sums are not told
        if not kind.integral:
            first, second = first.view(np.float64), second.view(np.float64)
        mean, std = _mean_and_std(Table(kind.scale, n, first, second))
        return RecordTable(
            kind.channels,
            key=_repeated(self.keys.texts(images), draws),
            location=_repeated(self.places.texts(images), draws),
            group=_repeated(map(name_of, keys), draws),
            epoch=np.tile(np.arange(draws), len(keys)),
            width=each["width"],
            height=each["height"],
            depth=each["depth"],
            bytes=each["size"],
            scale=np.full(len(n), kind.scale),
            mode=_repeated((self.modes[image] for image in images), draws),
            failure=[None] * len(n),
            histogram_hash=columns["hashes"].reshape(-1).view(np.uint64),
            n=n,
            sum=first if exact else np.zeros_like(n),
            sum_of_squares=second if exact else np.zeros_like(n),
            mean=mean,
            std=std,
            low=_share(low, n) if exact else np.full(n.shape, np.nan),
            high=_share(high, n) if exact else np.full(n.shape, np.nan),
        )


@dataclass
class Rows:
    """All records of a view, by kind.

    draws: records of each image; failures: what failed, by key.
    """

    draws: int
    _kinds: dict[Kind, _Images] = field(default_factory=dict)
    _failed: dict[bytes, Reference] = field(default_factory=dict)

    def add(
        self,
        chunk: Sequence[Reference],
        appearances: Mapping[int, Appearance],
        moments: Iterable[ChunkMoments],
        failed: Iterable[int],
    ) -> None:
        """Add what was measured of a chunk, by its rows."""
        for each in moments:
            rows = each.rows[:: self.draws]
            images = self._kinds.setdefault(each.kind, _Images())
            images.add([chunk[row] for row in rows], [appearances[row] for row in rows], each)
        self._failed |= {chunk[row].key: chunk[row] for row in failed}

    def channels(self, modes: Collection[str]) -> tuple[str, ...]:
        """Return the names of the channels of images of these modes."""
        return next((kind.channels for kind in self._kinds if kind.mode in modes), ())

    def batches(
        self, modes: Collection[str], failures: Mapping[bytes, str], name_of: NameOf = ungrouped
    ) -> Iterator[RecordTable]:
        """Yield the rows in the order of their keys, some thousands at a time.

        Only images of these modes were kept; `failures` are the reasons of all that failed.
        """
        parts = [
            _Part(images.keys, partial(images.table, kind, self.draws, name_of), self.draws)
            for kind, images in self._kinds.items()
            if kind.mode in modes
        ]
        failed = [self._failed.get(key, Reference(key, b"", NULL, 0)) for key in failures]
        rows_of = partial(_failures, failed, failures, self.channels(modes), name_of)
        parts.append(_Part(list(failures), rows_of, 1))
        keys = [key for part in parts for key in part.keys]
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
        del keys
        for start in range(0, len(order), _BATCH):
            yield _batch(parts, order[start : start + _BATCH])


class _Part(NamedTuple):
    """Images of which one function makes rows: by their places in `keys`."""

    keys: Sequence[bytes]
    rows_of: Callable[[Ints], RecordTable]
    draws: int


def _batch(parts: Sequence[_Part], chosen: Ints) -> RecordTable:
    """Return the rows of images in the order in which they are chosen, from all parts."""
    tables, positions, first = [], [], 0
    for part in parts:
        at = np.flatnonzero((chosen >= first) & (chosen < first + len(part.keys)))
        if len(at):
            tables.append(part.rows_of(chosen[at] - first))
            positions.append(np.repeat(at, part.draws))
        first += len(part.keys)
    if len(tables) == 1:
        return tables[0]
    return RecordTable.joined(tables).take(np.argsort(np.concatenate(positions), kind="stable"))


def _failures(
    failed: Sequence[Reference],
    reasons: Mapping[bytes, str],
    channels: tuple[str, ...],
    name_of: NameOf,
    images: Ints,
) -> RecordTable:
    """Return the rows of images that could not be measured."""
    chosen = [failed[image] for image in images]
    none = np.full(len(chosen), NULL)
    no_sums = np.zeros((len(chosen), len(channels)), np.int64)
    no_figures = np.full(no_sums.shape, np.nan)
    return RecordTable(
        channels,
        key=[key_text(image.key) for image in chosen],
        location=[key_text(image.path) for image in chosen],
        group=[name_of(image.key) for image in chosen],
        epoch=np.zeros_like(none),
        width=none,
        height=none,
        depth=none,
        bytes=np.array([image.size for image in chosen]),
        scale=np.zeros_like(none),
        mode=[None] * len(chosen),
        failure=[reasons[image.key] for image in chosen],
        histogram_hash=np.zeros(len(chosen), np.uint64),
        n=no_sums,
        sum=no_sums,
        sum_of_squares=no_sums,
        mean=no_figures,
        std=no_figures,
        low=no_figures,
        high=no_figures,
    )


def _repeated(values: Iterable[T], draws: int) -> list[T]:
    if draws == 1:
        return list(values)
    return [value for value in values for _ in range(draws)]


def _mean_and_std(table: Table) -> tuple[Floats, Floats]:
    columns = [table.centred(channel) for channel in range(table.n.shape[1])]
    means = np.stack([mean for _, mean, _ in columns], axis=1)
    m2 = np.stack([m2 for _, _, m2 in columns], axis=1)
    return np.where(table.n > 0, means, np.nan), np.sqrt(_share(m2, table.n))


def _share(part: Ints | Floats, n: Ints) -> Floats:
    """Return a part of the samples; NaN of none."""
    share: Floats = np.divide(part, n, out=np.full(n.shape, np.nan), where=n > 0)
    return share
