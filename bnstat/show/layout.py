"""Reports as lines of text for a screen of some width: nothing is broken within a word."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from bnstat.show.blocks import Block, Column, Line, Paragraph, Row, Table

_GAP = "  "
_LEAST_TEXT_WIDTH = 20


def layout(blocks: Sequence[Block], width: int | None = None) -> Iterator[Line]:
    """Yield the lines of a report, with a blank one between blocks.

    width: in cells of a terminal; a line is longer only where a word or a command is. None is any.
    """
    for number, block in enumerate(blocks):
        if number:
            yield Line("")
        if isinstance(block, Paragraph):
            for line in block.lines:
                yield from _wrapped_line(line, width)
        else:
            yield from _table(block, width)


def text(blocks: Sequence[Block], width: int | None = None) -> str:
    """Return a report as plain text."""
    return "".join(f"{line.text}\n" for line in layout(blocks, width))


def cell_width(text: str) -> int:
    """Return how many cells of a terminal a text takes.

    >>> cell_width("mean"), cell_width("画像"), cell_width("e\u0301")
    (4, 4, 1)
    """
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def wrap(text: str, width: int | None) -> list[str]:
    """Break text between words; what follows the first line is indented like that.

    >>> wrap("  one two three", 9)
    ['  one two', '  three']
    """
    if width is None or cell_width(text) <= width:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()))
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else ""
        if lines and cell_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(indent + word)
    return lines


def _wrapped_line(line: Line, width: int | None) -> Iterator[Line]:
    if line.tone == "command":
        yield Line(f"  {line.text}", line.tone)
        return
    for part in wrap(line.text, width):
        yield Line(part, line.tone)


def _table(table: Table, width: int | None) -> Iterator[Line]:
    if table.title is not None:
        yield Line(table.title, "title")
    if table.note is not None:
        yield from (Line(part) for part in wrap(table.note, width))
    widths = _widths(table)
    if width is not None and not table.columns[-1].numbers:
        rest = width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(rest, _LEAST_TEXT_WIDTH))
    for number, shown in enumerate(_column_groups(table.columns, widths, width)):
        if number:
            yield Line("")
        yield from _rows(table, shown, widths)
    for line in table.footnotes:
        yield from _wrapped_line(line, width)


def _widths(table: Table) -> list[int]:
    """Return the width of each column: that of its widest cell."""
    full = [row.cells for row in table.rows if len(row.cells) == len(table.columns)]
    cells = [[column.heading for column in table.columns], *full]
    return [max(map(cell_width, column)) for column in zip(*cells, strict=True)]


def _column_groups(
    columns: Sequence[Column], widths: Sequence[int], width: int | None
) -> Iterator[list[int]]:
    """Yield which columns stand beside each other: all, or the labels with as many as fit."""
    labels = [i for i, column in enumerate(columns) if not column.numbers]
    group = list(labels)
    for i, column in enumerate(columns):
        if not column.numbers:
            continue
        beside = sum(widths[j] for j in [*group, i]) + len(_GAP) * len(group)
        if width is not None and beside > width and len(group) > len(labels):
            yield group
            group = list(labels)
        group.append(i)
    yield sorted(group)


def _rows(table: Table, shown: Sequence[int], widths: Sequence[int]) -> Iterator[Line]:
    columns = [table.columns[i] for i in shown]
    sizes = [widths[i] for i in shown]
    headings = [column.heading for column in columns]
    if any(headings):
        yield Line(_joined(headings, columns, sizes))
    for row in table.rows:
        yield from _row(row, shown, columns, sizes)


def _row(
    row: Row, shown: Sequence[int], columns: Sequence[Column], sizes: Sequence[int]
) -> Iterator[Line]:
    """Yield a row, on as many lines as its last cell takes if that is text."""
    if len(row.cells) == 1 < len(sizes):
        yield Line(row.cells[0], row.tone)
        return
    cells = [row.cells[i] for i in shown]
    last = [cells[-1]] if columns[-1].numbers else wrap(cells[-1], sizes[-1])
    yield Line(_joined([*cells[:-1], last[0]], columns, sizes), row.tone)
    for part in last[1:]:
        yield Line(_joined([*[""] * (len(cells) - 1), part], columns, sizes), row.tone)


def _joined(cells: Sequence[str], columns: Sequence[Column], sizes: Sequence[int]) -> str:
    padded = [
        " " * (size - cell_width(cell)) + cell if column.numbers else _left(cell, size)
        for cell, column, size in zip(cells, columns, sizes, strict=True)
    ]
    return _GAP.join(padded).rstrip()


def _left(cell: str, size: int) -> str:
    return cell + " " * (size - cell_width(cell))
