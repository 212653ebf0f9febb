"""Reports on a terminal, laid out by rich.

Numbers are never shortened: columns that the screen has no place for stand below the others. Names
give way, and no sentence or command is broken within a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.table import Table as RichTable
from rich.text import Text

from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table, Tone

STYLES: Mapping[Tone, str] = {
    "plain": "",
    "title": "bold",
    "answer": "bold green",
    "good": "green",
    "warning": "yellow",
    "bad": "red",
    "command": "cyan",
}
# A name is shortened to no less, however narrow the screen; nor is text made narrower.
_LEAST_NAME, _LEAST_TEXT = 12, 20
# Between columns.
_GAP = 3


def console(file: TextIO, width: int, *, colored: bool) -> Console:
    """Return a console that prints text as it is: brackets and numbers in names are no markup."""
    return Console(
        file=file,
        width=width,
        force_terminal=True,
        color_system="standard" if colored else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def print_report(blocks: Sequence[Block], on: Console) -> None:
    for item in _renderables(blocks, on.width):
        on.print(item, soft_wrap=isinstance(item, Text) and bool(item.no_wrap))


@dataclass(frozen=True)
class Report:
    """A report as rich prints it: what is too long for a line is folded, so that none is lost."""

    blocks: Sequence[Block]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for item in _renderables(self.blocks, options.max_width):
            if isinstance(item, Text):
                item.no_wrap = False
            yield item


def _renderables(blocks: Sequence[Block], width: int) -> Iterator[RichTable | Panel | Text]:
    for number, block in enumerate(blocks):
        if number:
            yield Text()
        match block:
            case Headline():
                yield _panel(block)
            case Paragraph():
                yield from _texts(block.lines, width)
            case Table():
                yield from _parts(block, width)


def _panel(block: Headline) -> Panel:
    text, name = Text(block.text, STYLES[block.tone]), None
    if block.name:
        name = Text(block.name, "bold not dim", no_wrap=True, overflow="ellipsis")
    return Panel.fit(text, title=name, title_align="left", border_style="dim")


def _texts(lines: Sequence[Line], width: int) -> Iterator[Text]:
    """Yield texts, broken between words; whole where a command is, or a word is too long."""
    for line in lines:
        command = line.tone == "command"
        whole = command or max(map(cell_len, line.text.split()), default=0) > width
        text = f"  {line.text}" if command else line.text
        yield Text(text, STYLES[line.tone], no_wrap=whole)


def _parts(table: Table, width: int) -> Iterator[RichTable | Text]:
    yield from _texts(table.above, width)
    for number, shown in enumerate(_column_groups(table, width)):
        if number:
            yield Text()
        yield _rich_table(table, shown, width)
    yield from _texts(table.footnotes, width)


def _rich_table(table: Table, shown: Sequence[int], width: int) -> RichTable:
    """Return some columns of a table; text in the last one may be broken between words."""
    most = _name_width(table, shown, width)
    headed = any(table.columns[i].heading for i in shown)
    made = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, show_header=headed, padding=(0, 1)
    )
    for i in shown:
        column = table.columns[i]
        made.add_column(
            Text(column.heading),
            justify="right" if column.numbers else "left",
            no_wrap=not _is_text(table, i),
            overflow="crop" if column.numbers else "ellipsis",
            width=_width(table, i) if column.numbers else None,
            max_width=None if column.numbers or _is_text(table, i) else most,
        )
    for row in table.rows:
        cells = _cells(row, table.columns, shown)
        made.add_row(*(_shortened(cell, most) for cell in cells), style=STYLES[row.tone])
    return made


def _shortened(cell: Text, width: int) -> Text:
    """Return the end of a path that is too long: the names of many images begin alike."""
    path = cell.plain
    if cell_len(path) <= width or "/" not in path or " " in path:
        return cell
    start = next(i for i in range(len(path)) if cell_len(path[i:]) < width)
    return Text("…" + path[start:])


def _is_text(table: Table, column: int) -> bool:
    return not table.columns[column].numbers and 0 < column == len(table.columns) - 1


def _name_width(table: Table, shown: Sequence[int], width: int) -> int:
    """Return how wide names can be beside the numbers."""
    names = [i for i in shown if not (table.columns[i].numbers or _is_text(table, i))]
    others = (i for i in shown if i not in names)
    taken = sum(_GAP + (_LEAST_TEXT if _is_text(table, i) else _width(table, i)) for i in others)
    return max(_LEAST_NAME, (width - taken) // max(1, len(names)) - _GAP * (len(names) > 1))


def _cells(row: Row, columns: Sequence[Column], shown: Sequence[int]) -> list[Text]:
    if row.is_heading_of(columns):
        return [Text(row.cells[0])]
    return [Text(row.cells[i]) for i in shown]


def _width(table: Table, column: int) -> int:
    cells = [row.cells[column] for row in table.rows if not row.is_heading_of(table.columns)]
    return max(map(cell_len, [table.columns[column].heading, *cells]))


def _column_groups(table: Table, width: int) -> Iterator[list[int]]:
    """Yield which columns stand beside each other: all names, and as many numbers as fit."""
    names = [i for i, column in enumerate(table.columns) if not column.numbers]
    widths = [_width(table, i) + _GAP for i in range(len(table.columns))]
    taken = sum(min(widths[i], _LEAST_NAME + _GAP) for i in names)
    group, room = list(names), width - taken
    for i, column in enumerate(table.columns):
        if not column.numbers:
            continue
        if widths[i] > room and len(group) > len(names):
            yield group
            group, room = list(names), width - taken
        group.append(i)
        room -= widths[i]
    yield sorted(group)
