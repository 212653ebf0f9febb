"""What a worker keeps of the images of a chunk: what they are like, and their moments."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from bnstat.moments.floats import AboveMaximumError, Centred
from bnstat.moments.histograms import (
    HistogramFigures,
    Occurrences,
    entropy,
    few_valued_rows,
    pack,
    pack_16_bit,
    unpack,
    unpack_16_bit,
)
from bnstat.moments.table import Floats, Ints, MomentsTable

# Width and height in pixels, Pillow's mode, the bits of a sample in the file, and its format, ""
# where it has none. A plain tuple, as one with names takes ten times as long.
Appearance: TypeAlias = tuple[int, int, str, int, str]
# Where one of so many values occurs, adding these alone is faster than adding all counts.
_SPARSE = 16


@dataclass
class Appearances:
    """What each image of a chunk is like; most chunks have few different ones.

    distinct: each appearance once; places: for each row of the chunk its place among these, -1
    where the image could not be decoded.
    """

    distinct: list[Appearance] = field(default_factory=list)
    places: array[int] = field(default_factory=lambda: array("h"))

    @classmethod
    def unknown(cls, images: int) -> Appearances:
        """Return those of images of which none was decoded."""
        return cls([], array("h", [-1]) * images)

    def __getitem__(self, row: int) -> Appearance:
        return self.distinct[self.places[row]]

    def take(self, rows: Sequence[int]) -> Appearances:
        """Return those of some rows of the chunk, renumbered."""
        return Appearances(self.distinct, array("h", [self.places[row] for row in rows]))

    def counts(self) -> dict[Appearance, int]:
        """Return how many images look so, of those that were decoded."""
        numbers = Counter(self.places)
        return {each: numbers[place] for place, each in enumerate(self.distinct) if numbers[place]}


class Kind(NamedTuple):
    """What draws must share to stand in one table.

    mode: Pillow's word; channels: their names, in order; scale: 255, 65535 or 1 (floats).
    """

    mode: str
    channels: tuple[str, ...]
    scale: int

    @property
    def integral(self) -> bool:
        """Whether samples are integers: of scale 1, those of 16-bit signed bands."""
        return self.scale != 1 or self.mode.endswith(" of int16")


@dataclass(frozen=True)
class ChunkMoments:
    """The draws of one kind: which rows of the chunk they are, and their moments.

    `histogram` is how often each 8- or 16-bit value occurs in all of them: int64 of shape (C, scale
    + 1); and `per_image_histograms`, where they are kept, how often in each image, packed.
    `excluded_count` is how many samples of each draw did not count: int64 of shape (N, C), or None
    where all counted. `histogram_figures` are there where they were asked for. `few_valued` are
    rows of 8-bit images of at most FEW values in each channel.
    """

    kind: Kind
    rows: list[int]
    table: MomentsTable
    histogram: Ints | None
    per_image_histograms: bytes | None = None
    excluded_count: Ints | None = None
    histogram_figures: HistogramFigures | None = None
    few_valued: tuple[int, ...] = ()

    def take(self, rows: Sequence[int]) -> ChunkMoments | None:
        """Return the moments of some rows of the chunk, renumbered; None if it has none.

        ValueError if the images' own histograms are needed, and were not kept.
        """
        place = {row: i for i, row in enumerate(rows)}
        kept = [i for i, row in enumerate(self.rows) if row in place]
        few = tuple(place[row] for row in self.few_valued if row in place)
        taken = replace(self, rows=[place[self.rows[i]] for i in kept], few_valued=few)
        if len(kept) == len(self.rows):
            return taken
        if not kept:
            return None
        excluded = None if self.excluded_count is None else self.excluded_count[kept]
        table = self.table.take(kept)
        return replace(taken, table=table, excluded_count=excluded, **self._counts(kept))

    def _counts(self, kept: Sequence[int]) -> dict[str, Any]:
        """Return the histograms of some draws: together, and of each image."""
        if self.histogram is None:
            return {}
        if self.per_image_histograms is None:
            raise ValueError("the histograms of single images were not kept")
        draws, channels = _draws(self.rows), len(self.kind.channels)
        places = [i // draws for i in kept[::draws]]
        packed, images = self.per_image_histograms, len(self.rows) // draws
        if self.kind.scale == 255:
            counts = unpack(packed, images, channels)[places]
            return {"histogram": counts.sum(axis=0), "per_image_histograms": pack(counts)}
        deep = unpack_16_bit(packed, images, channels)
        chosen = [deep[place] for place in places]
        histogram = Occurrences.joined(chosen).counts(channels)
        return {"histogram": histogram, "per_image_histograms": pack_16_bit(chosen)}


def _draws(rows: Sequence[int]) -> int:
    """Return how many draws each image has; they stand together, and are equally many."""
    return rows.count(rows[0])


@dataclass
class _Pending:
    """Draws of one kind: 8-bit ones by their histograms, others by their tables.

    deep: of unsigned 16-bit draws, which values occur; total: the histogram of all of these.
    """

    rows: list[int] = field(default_factory=list)
    tables: list[MomentsTable] = field(default_factory=list)
    ends: list[Ints] = field(default_factory=list)
    entropies: list[Floats] = field(default_factory=list)
    deep: list[Occurrences] = field(default_factory=list)
    total: Ints | None = None
    # numpy reads an array's bytes far faster than a list; of unsigned numbers it is made fastest.
    histograms: list[array[int]] = field(default_factory=list)
    excluded: dict[int, Sequence[int]] = field(default_factory=dict)

    def excluded_count(self, channels: int) -> Ints | None:
        if not self.excluded:
            return None
        numbers = np.zeros((len(self.rows), channels), dtype=np.int64)
        numbers[list(self.excluded)] = list(self.excluded.values())
        return numbers

    def histogram_figures(self, channels: int) -> HistogramFigures:
        """Return those of draws that are not 8-bit."""
        hashes, shape = np.zeros(len(self.rows), np.uint64), (len(self.rows), channels)
        if not self.ends:
            none = np.zeros(shape, np.int64)
            return HistogramFigures(none, none, np.full(shape, np.nan), hashes)
        both = np.stack(self.ends)
        low, high = both[:, :, 0].copy(), both[:, :, 1].copy()
        return HistogramFigures(low, high, np.stack(self.entropies), hashes)

    def add_deep(self, occurring: Occurrences, counts: Ints) -> None:
        """Add the histogram of a draw: as it is, where many of the values occur."""
        self.deep.append(occurring)
        if self.total is None:
            self.total = counts.copy()
        elif occurring.where.size * _SPARSE > counts.size:
            self.total += counts
        else:
            np.add.at(self.total.reshape(-1), occurring.where, occurring.number)

    def deep_histograms(self, channels: int, per_image: bool) -> tuple[Ints | None, bytes | None]:
        """Return the histogram of 16-bit draws, and packed those of each image."""
        if not self.deep:
            return None, None
        if not per_image:
            return self.total, None
        draws = _draws(self.rows)
        images = [
            Occurrences.joined(self.deep[i : i + draws]) for i in range(0, len(self.deep), draws)
        ]
        return self.total, pack_16_bit(images)

    def counts(self) -> Ints:
        """Return how often each value occurs: int64 of shape (N, C, 256).

        C is 1 where one histogram of each draw stands for all of its channels.
        """
        longest = max(map(len, self.histograms))
        data = b"".join([each * (longest // len(each)) for each in self.histograms])
        return np.frombuffer(data, dtype=np.int64).reshape(len(self.rows), -1, 256)

    def extend(self, other: _Pending) -> None:
        before = len(self.rows)
        self.excluded |= {before + place: number for place, number in other.excluded.items()}
        if other.total is not None:
            self.total = other.total if self.total is None else self.total + other.total
        for name in ("rows", "tables", "ends", "entropies", "deep", "histograms"):
            getattr(self, name).extend(getattr(other, name))


class ChunkCounts:
    """Collects the samples of draws; `moments` sums them up.

    8-bit histograms wait as packed integers, and become sums in one product for the whole chunk:
    with small images, doing it image by image would cost more than decoding them.

    `excluded` is the number of samples of each channel of a draw that do not count; None is none.
    Integers above `max_value` are refused, unless that is 1 or None.
    """

    def __init__(self, max_value: int | None = None) -> None:
        self._pending: defaultdict[Kind, _Pending] = defaultdict(_Pending)
        self._most = None if max_value == 1 else max_value

    def check_largest(self, largest: int) -> None:
        """Raise AboveMaximumError if the largest sample of a draw is above what it may be."""
        if self._most is not None and largest > self._most:
            raise AboveMaximumError(largest, self._most)

    def _at(self, row: int, kind: Kind, excluded: Sequence[int] | None) -> _Pending:
        pending = self._pending[kind]
        if excluded is not None:
            pending.excluded[len(pending.rows)] = excluded
        pending.rows.append(row)
        return pending

    def add_8_bit(
        self, row: int, kind: Kind, counts: list[int], excluded: Sequence[int] | None = None
    ) -> None:
        """Add an 8-bit draw as Pillow's `histogram()`: 256 counts a channel, one after another.

        256 alone stand for every channel, as of a gray image.
        """
        if self._most is not None:
            self.check_largest(max((i % 256 for i, count in enumerate(counts) if count), default=0))
        self._at(row, kind, excluded).histograms.append(array("Q", counts))

    def add_16_bit(
        self,
        row: int,
        kind: Kind,
        counts: Ints,
        excluded: Sequence[int] | None = None,
        lowest: int = 0,
    ) -> None:
        """Add a 16-bit draw: `counts` of each value from `lowest` on, int64 of (C, 65536)."""
        occurring = Occurrences.of(counts)
        if self._most is not None:
            self.check_largest(int((occurring.where % 65536).max(initial=0)) + lowest)
        pending = self._at(row, kind, excluded)
        pending.tables.append(occurring.table(len(counts), lowest))
        pending.ends.append(counts[:, [0, -1]])
        pending.entropies.append(entropy(counts))
        if kind.scale == 65535:
            pending.add_deep(occurring, counts)

    def add_floats(
        self, row: int, kind: Kind, moments: Centred, excluded: Sequence[int] | None = None
    ) -> None:
        n, mean, m2, ends = moments
        table = MomentsTable(1, n[np.newaxis], mean[np.newaxis], m2[np.newaxis], ends[np.newaxis])
        self._at(row, kind, excluded).tables.append(table)

    def extend(self, other: ChunkCounts) -> None:
        for kind, pending in other._pending.items():
            self._pending[kind].extend(pending)

    @property
    def kinds(self) -> list[Kind]:
        return list(self._pending)

    def moments(
        self, *, per_image_histograms: bool = False, histogram_figures: bool = False
    ) -> Iterator[ChunkMoments]:
        """Yield the moments of what was added, by kind, with what is asked for besides."""
        for kind, pending in self._pending.items():
            channels = len(kind.channels)
            excluded = pending.excluded_count(channels)
            if not pending.histograms:
                table = MomentsTable.joined(pending.tables)
                figures = pending.histogram_figures(channels) if histogram_figures else None
                histograms = pending.deep_histograms(channels, per_image_histograms)
                yield ChunkMoments(kind, pending.rows, table, *histograms, excluded, figures)
                continue
            own = pending.counts()
            counts = np.broadcast_to(own, (len(own), channels, 256))
            yield ChunkMoments(
                kind,
                pending.rows,
                MomentsTable.of_histograms(own).for_channels(channels),
                counts.sum(axis=0),
                _packed(counts, _draws(pending.rows)) if per_image_histograms else None,
                excluded,
                HistogramFigures.of_8_bit(counts) if histogram_figures else None,
                few_valued_rows(pending.rows, own),
            )


def _packed(counts: Ints, draws: int) -> bytes:
    return pack(counts.reshape(-1, draws, *counts.shape[1:]).sum(axis=1) if draws > 1 else counts)
