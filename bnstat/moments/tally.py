"""What a worker keeps of the images of a chunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

import numpy as np

from bnstat.moments.table import Floats, Ints, Table


class Kind(NamedTuple):
    """What draws must share to stand in one table.

    mode: Pillow's word; channels: their names, in order; scale: 255, 65535 or 1 (floats).
    """

    mode: str
    channels: tuple[str, ...]
    scale: int


@dataclass(frozen=True)
class Part:
    """The draws of one kind: which rows of the chunk they are, and their moments.

    `histogram` is how often each 8-bit value occurs in all of them: int64 of shape (C, 256).
    """

    kind: Kind
    rows: list[int]
    table: Table
    histogram: Ints | None


@dataclass
class _Pending:
    rows: list[int] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    histograms: list[list[int]] = field(default_factory=list)


class Tally:
    """Collects the samples of draws; `parts` turns them into moments.

    8-bit histograms wait as lists, and become sums in one product for the whole chunk: with small
    images, doing it image by image would cost more than decoding them.
    """

    def __init__(self) -> None:
        self._pending: dict[Kind, _Pending] = {}

    def _at(self, row: int, kind: Kind) -> _Pending:
        pending = self._pending.setdefault(kind, _Pending())
        pending.rows.append(row)
        return pending

    def add_8_bit(self, row: int, kind: Kind, counts: list[int]) -> None:
        """Add an 8-bit draw as Pillow's `histogram()`: 256 counts a channel, one after another.

        256 alone stand for every channel, as of a gray image.
        """
        self._at(row, kind).histograms.append(counts)

    def add_16_bit(self, row: int, kind: Kind, counts: Ints) -> None:
        """Add a 16-bit draw: `counts` of each value, int64 of shape (C, 65536)."""
        self._at(row, kind).tables.append(Table.of_histograms(counts[np.newaxis]))

    def add_floats(self, row: int, kind: Kind, n: int, mean: Floats, m2: Floats) -> None:
        """Add a draw of float samples: n a channel, mean and M2 of shape (C,)."""
        table = Table(1, np.array([n]), mean[np.newaxis], m2[np.newaxis])
        self._at(row, kind).tables.append(table)

    def extend(self, other: Tally) -> None:
        """Add all draws of another tally."""
        for kind, pending in other._pending.items():
            mine = self._pending.setdefault(kind, _Pending())
            mine.rows += pending.rows
            mine.tables += pending.tables
            mine.histograms += pending.histograms

    @property
    def kinds(self) -> list[Kind]:
        """The kinds of the draws added so far."""
        return list(self._pending)

    def parts(self) -> Iterator[Part]:
        """Yield the moments of what was added, by kind."""
        for kind, pending in self._pending.items():
            if pending.histograms:
                counts = _counted(pending.histograms, len(kind.channels))
                yield Part(kind, pending.rows, Table.of_histograms(counts), counts.sum(axis=0))
            else:
                yield Part(kind, pending.rows, _stacked(kind.scale, pending.tables), None)


def _counted(histograms: list[list[int]], channels: int) -> Ints:
    """Return counts of shape (N, channels, 256)."""
    if any(len(counts) > 256 for counts in histograms):
        whole = 256 * channels
        histograms = [h if len(h) == whole else h * channels for h in histograms]
    flat = np.fromiter(chain.from_iterable(histograms), dtype=np.int64)
    counts = flat.reshape(len(histograms), -1, 256)
    return counts if counts.shape[1] == channels else counts.repeat(channels, axis=1)


def _stacked(scale: int, tables: list[Table]) -> Table:
    return Table(
        scale,
        np.concatenate([table.n for table in tables]),
        np.concatenate([table.first for table in tables]),
        np.concatenate([table.second for table in tables]),
    )
