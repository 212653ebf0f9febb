"""What a report is made of; each cell and paragraph is printable text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Paragraph:
    """Sentences; each line of them may be broken where a renderer's page ends."""

    lines: tuple[str, ...]

    @classmethod
    def of(cls, *lines: str) -> Paragraph:
        """Return a paragraph of sentences."""
        return cls(lines)


@dataclass(frozen=True)
class Column:
    """A column of a table; `numbers` are aligned at the right."""

    heading: str
    numbers: bool = True
    least_width: int = 0


@dataclass(frozen=True)
class Table:
    """Rows of cells, one a column, below a title and a note on it, if there are any."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str | None = None
    note: str | None = None
    gap: int = 2

    @classmethod
    def by_channel(cls, labels: Sequence[str], channels: Sequence[str], rows: Rows) -> Table:
        """Return a table of labels, and of numbers by channel."""
        columns = [Column(label, numbers=False) for label in labels]
        columns += map(Column, channels)
        return cls(tuple(columns), tuple(map(tuple, rows)))


Rows: TypeAlias = Sequence[Sequence[str]]
Block: TypeAlias = Paragraph | Table
