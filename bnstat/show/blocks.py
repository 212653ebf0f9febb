"""What a report is made of: text with a tone, which says how to mark it; numbers in words.

As plain text it has no boxes, and nothing is wrapped or cut, whatever the width.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
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

    @property
    def above(self) -> list[Line]:
        """Its title and the note on it."""
        title = [] if self.title is None else [Line(self.title, "title")]
        return title if self.note is None else [*title, Line(self.note)]

    @classmethod
    def by_channel(
        cls,
        labels: Sequence[str],
        channels: Sequence[str],
        rows: Iterable[Sequence[str] | Row],
        tone: Tone = "plain",
        footnotes: tuple[Line, ...] = (),
    ) -> Table:
        columns = *(Column(label, numbers=False) for label in labels), *map(Column, channels)
        made = (row if isinstance(row, Row) else Row(tuple(row), tone) for row in rows)
        return cls(columns, tuple(made), footnotes=footnotes)


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


def lines(blocks: Sequence[Block]) -> Iterator[Line]:
    """Yield the lines of a report, with a blank one between blocks."""
    for number, block in enumerate(blocks):
        if number:
            yield Line("")
        match block:
            case Headline():
                yield block.line
            case Paragraph():
                yield from map(_indented, block.lines)
            case Table():
                yield from _table_lines(block)


def plain_text(blocks: Sequence[Block]) -> str:
    return "".join(f"{line.text}\n" for line in lines(blocks))


def cell_width(text: str) -> int:
    """Return how many cells of a terminal a text takes.

    >>> cell_width("mean"), cell_width("画像"), cell_width("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def _indented(line: Line) -> Line:
    return Line(f"  {line.text}", line.tone) if line.tone == "command" else line


def _table_lines(table: Table) -> Iterator[Line]:
    yield from table.above
    headings = [column.heading for column in table.columns]
    full = [row.cells for row in table.rows if len(row.cells) == len(headings)]
    sizes = [max(map(cell_width, column)) for column in zip(headings, *full, strict=True)]
    if any(headings):
        yield Line(_joined(headings, table.columns, sizes))
    for row in table.rows:
        single = row.is_heading_of(table.columns)
        text = row.cells[0] if single else _joined(row.cells, table.columns, sizes)
        yield Line(text, row.tone)
    yield from map(_indented, table.footnotes)


def _joined(cells: Sequence[str], columns: Sequence[Column], sizes: Sequence[int]) -> str:
    padded = []
    for cell, column, size in zip(cells, columns, sizes, strict=True):
        space = " " * (size - cell_width(cell))
        padded.append(space + cell if column.numbers else cell + space)
    return "  ".join(padded).rstrip()
