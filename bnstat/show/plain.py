"""Reports as plain text: no boxes, and nothing is wrapped or cut, whatever the width."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table

_GAP = "  "


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
                yield from _table(block)


def text(blocks: Sequence[Block]) -> str:
    """Return a report as plain text."""
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


def _table(table: Table) -> Iterator[Line]:
    if table.title is not None:
        yield Line(table.title, "title")
    if table.note is not None:
        yield Line(table.note)
    headings = [column.heading for column in table.columns]
    full = [row.cells for row in table.rows if len(row.cells) == len(headings)]
    sizes = [max(map(cell_width, column)) for column in zip(headings, *full, strict=True)]
    if any(headings):
        yield Line(_joined(headings, table.columns, sizes))
    for row in table.rows:
        yield Line(_row(row, table.columns, sizes), row.tone)
    yield from map(_indented, table.footnotes)


def _row(row: Row, columns: Sequence[Column], sizes: Sequence[int]) -> str:
    return row.cells[0] if row.is_heading_of(columns) else _joined(row.cells, columns, sizes)


def _joined(cells: Sequence[str], columns: Sequence[Column], sizes: Sequence[int]) -> str:
    padded = []
    for cell, column, size in zip(cells, columns, sizes, strict=True):
        space = " " * (size - cell_width(cell))
        padded.append(space + cell if column.numbers else cell + space)
    return _GAP.join(padded).rstrip()
