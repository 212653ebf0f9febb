"""What a report is made of: text with a tone, which says how to mark it; numbers in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Tone: TypeAlias = Literal["plain", "title", "answer", "good", "warning", "bad", "command"]


@dataclass(frozen=True)
class Line:
    """A sentence, or a command to type; it may be broken between words, a command may not."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Headline:
    """What is said first: one sentence, below the name of what it is about, if it has one."""

    text: str
    name: str = ""
    tone: Tone = "plain"

    @property
    def line(self) -> Line:
        """Name and sentence on one line."""
        return Line(f"{self.name}: {self.text}" if self.name else self.text, self.tone)


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together."""

    lines: tuple[Line, ...]

    @classmethod
    def of(cls, *texts: str, tone: Tone = "plain") -> Paragraph:
        """Return a paragraph of texts, all in one tone."""
        return cls(tuple(Line(text, tone) for text in texts))


@dataclass(frozen=True)
class Column:
    """A column of a table; `numbers` are aligned at the right, text may be broken between words."""

    heading: str
    numbers: bool = True


@dataclass(frozen=True)
class Row:
    """A row of a table: a cell for each column, or a single one that stands above what follows."""

    cells: tuple[str, ...]
    tone: Tone = "plain"

    @classmethod
    def heading(cls, text: str) -> Row:
        """Return a row of a single cell."""
        return cls((text,), "title")

    def is_heading_of(self, columns: Sequence[Column]) -> bool:
        """Whether it is a single cell in a table of these columns."""
        return len(self.cells) == 1 < len(columns)


@dataclass(frozen=True)
class Table:
    """Rows of cells, below a title and a note on it, and above footnotes, if there are any."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str | None = None
    note: str | None = None
    footnotes: tuple[Line, ...] = ()

    @classmethod
    def by_channel(
        cls,
        labels: Sequence[str],
        channels: Sequence[str],
        rows: Sequence[Sequence[str]],
        tone: Tone = "plain",
    ) -> Table:
        """Return a table of labels, and of numbers by channel."""
        columns = [Column(label, numbers=False) for label in labels]
        columns += map(Column, channels)
        return cls(tuple(columns), tuple(Row(tuple(row), tone) for row in rows))


Block: TypeAlias = Headline | Paragraph | Table


def percent(share: float) -> str:
    """Return a share as a percentage; what is not nothing, or not all, never reads as such.

    >>> percent(0.1853), percent(1e-9), percent(0.0)
    ('18.5 %', 'less than 0.01 %', 'nothing')
    """
    if share == 0.0:
        return "nothing"
    return f"{100 * share:.3g} %" if share >= 1e-4 else "less than 0.01 %"


def signed(value: float | None) -> str:
    """Return a difference to three digits; only no difference at all reads as 0.

    >>> signed(0.0), signed(-0.01234), signed(2e-16), signed(None)
    ('0', '-0.0123', '+2e-16', '-')
    """
    if value is None:
        return "-"
    return f"{value:+.3g}" if value else "0"


def sigma(value: float | None) -> str:
    """Return a shift in stds, of images that are normalized.

    >>> sigma(-0.0712), sigma(0.005), sigma(0.001), sigma(0.0), sigma(None)
    ('-0.07 σ', '+0.01 σ', '+0.001 σ', '0 σ', '-')
    """
    if value is None:
        return "-"
    return f"{value:+.2f} σ" if abs(value) >= 0.005 else f"{signed(float(f'{value:.1g}'))} σ"


def times(value: float | None) -> str:
    """Return a scale.

    >>> times(1.0512), times(None)
    ('×1.05', '-')
    """
    return "-" if value is None else f"×{value:.2f}"
