"""How values show their reports: as text, as HTML with small pictures, and as rich prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bnstat.result import Stats
from bnstat.show import plain
from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table
from bnstat.show.formats import Reportable, report

_BINS, _HEIGHT = 64, 40
_COLORS = {"R": "#d62728", "G": "#2ca02c", "B": "#1f77b4"}
_OTHER_COLOR = "#7f7f7f"


def text(value: Reportable) -> str:
    """Return the report of a value as plain text."""
    return plain.text(report(value)).rstrip("\n")


def html(value: Reportable) -> str:
    """Return the report of a value as HTML, and its pictures."""
    return f"<div>{''.join(map(block_html, report(value)))}{''.join(_pictures(value))}</div>"


def renderable(value: Reportable) -> object:
    """Return the report of a value as rich prints it."""
    from bnstat.show.terminal import Report

    return Report(report(value))


def block_html(block: Block) -> str:
    """Return a block of a report as HTML; names are text."""
    match block:
        case Headline():
            return f"<p><strong>{escape(block.line.text)}</strong></p>"
        case Paragraph():
            return "".join(map(_line, block.lines))
        case Table():
            return _table(block) + "".join(map(_line, block.footnotes))


def _line(line: Line) -> str:
    text = escape(line.text)
    return f"<pre>{text}</pre>" if line.tone == "command" else f"<p>{text}</p>"


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f"<th>{escape(column.heading)}</th>" for column in table.columns)
    rows = "".join(_row(row, table.columns) for row in table.rows)
    made = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div style="overflow-x:auto">{made}</div>'


def _row(row: Row, columns: Sequence[Column]) -> str:
    if row.is_heading_of(columns):
        return f'<tr><th colspan="{len(columns)}">{escape(row.cells[0])}</th></tr>'
    first, *cells = map(escape, row.cells)
    return f"<tr><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _pictures(value: Reportable) -> Iterator[str]:
    if isinstance(value, Stats) and value.distribution and value.unit != "stored":
        yield histogram_svg(value)


def histogram_svg(stats: Stats) -> str:
    """Return how often values occur in each channel, as a small picture."""
    bars = "".join(
        f'<polyline points="{_points(counts)}" fill="none" '
        f'stroke="{_COLORS.get(channel, _OTHER_COLOR)}"><title>{escape(channel)}</title></polyline>'
        for channel, counts in zip(stats.channels, _counts(stats), strict=True)
    )
    return (
        f'<svg width="{4 * _BINS}" height="{_HEIGHT}" role="img" '
        f'aria-label="histogram from 0 to 1">{bars}</svg>'
    )


def _points(counts: Sequence[int]) -> str:
    most = max(counts) or 1
    heights = (_HEIGHT - 1 - (_HEIGHT - 2) * count / most for count in counts)
    return " ".join(f"{4 * i + 2},{height:.1f}" for i, height in enumerate(heights))


def _counts(stats: Stats) -> Iterator[Sequence[int]]:
    return (each.binned(_BINS, stats.scale) for each in stats.distribution or ())
