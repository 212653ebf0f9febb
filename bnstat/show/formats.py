"""Which report is of which kind of result; results as JSON, CSV, Markdown, HTML.

`text`, `html` and `renderable` are how values show themselves: in a session, in a notebook with
small pictures, and as rich prints them.
"""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Iterator, Mapping, Sequence
from csv import writer
from dataclasses import asdict
from html import escape
from io import StringIO
from typing import Any, TypeAlias

from bnstat.result import Estimate, Floats, Stats
from bnstat.result.explanation import Explanation
from bnstat.result.found_images import Duplicates, Outliers
from bnstat.result.running_statistics import Cell, Recalibration, Sweep
from bnstat.show.blocks import (
    Block,
    Column,
    Headline,
    Line,
    Paragraph,
    Row,
    Table,
    plain_text,
)
from bnstat.show.changes import distribution
from bnstat.show.comparison import Comparison
from bnstat.show.comparison_report import channels, comparison_report, figures, summary
from bnstat.show.explanations import explanation_report
from bnstat.show.reports import (
    duplicates_report,
    outliers_report,
    recalibration_report,
    sweep_report,
)
from bnstat.show.results import result_report

Reportable: TypeAlias = (
    Stats | Comparison | Explanation | Sweep | Recalibration | Outliers | Duplicates
)


def report(result: Reportable, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return what a result, a comparison or a sweep says; with `verbose` all of it."""
    match result:
        case Stats():
            return result_report(result, verbose=verbose)
        case Comparison():
            return comparison_report(result, verbose=verbose)
        case Explanation():
            return explanation_report(result, verbose=verbose)
        case Sweep():
            return sweep_report(result, verbose=verbose)
        case Recalibration():
            return recalibration_report(result, verbose=verbose)
        case Outliers():
            return outliers_report(result, verbose=verbose)
        case Duplicates():
            return duplicates_report(result)


Values: TypeAlias = tuple[Any, ...]

_SCHEDULE = "batch_size", "momentum", "order", "repeats", "batches", "start_weight"
_RANKS = "ranks", "synchronized"
_OFF = "largest", "rms", "expected"
# Of the small picture of a histogram in a notebook.
_BINS, _HEIGHT = 64, 40
_COLORS = {"R": "#d62728", "G": "#2ca02c", "B": "#1f77b4"}
_OTHER_COLOR = "#7f7f7f"


def json(result: Reportable) -> str:
    """Return a result, comparison or sweep as JSON, as docs/document.md and compare.md say."""
    if isinstance(result, Stats):
        return result.to_json()
    return json_.dumps(result.to_dict(), ensure_ascii=False, indent=2) + "\n"


def csv(result: Reportable) -> str:
    """Return a result, comparison or sweep as CSV, with all digits.

    Of a result: a line for each method, group, figure and channel. Of a comparison: a line for each
    row, figure and channel. Of a sweep: a line for each schedule. Of a recalibration: for each
    layer.
    """
    text = StringIO()
    lines = writer(text, lineterminator="\n")
    match result:
        case Stats():
            lines.writerows(_stats_rows(result))
        case Comparison():
            lines.writerows(_comparison_rows(result))
        case Sweep():
            lines.writerows(_sweep_rows(result))
        case Recalibration():
            lines.writerows(_layer_rows(result))
    return text.getvalue()


def markdown(result: Reportable) -> str:
    """Return a result, comparison or sweep as Markdown: tables and paragraphs."""
    blocks = summary(result) if isinstance(result, Comparison) else report(result, verbose=True)
    return markdown_of(blocks)


def markdown_of(blocks: Sequence[Block]) -> str:
    """Return blocks as Markdown."""
    return "\n".join(map(_markdown, blocks))


FORMATS: Mapping[str, Callable[[Reportable], str]] = {
    "json": json,
    "csv": csv,
    "markdown": markdown,
}


def _stats_rows(stats: Stats) -> list[Values]:
    rows: list[Values] = [("method", "figure", "channel", "value")]
    for method, estimate in stats.methods.items():
        if estimate is not None:
            for figure, values in _moments(estimate).items():
                pairs = zip(stats.channels, values, strict=True)
                rows += [(method, figure, *pair) for pair in pairs]
    return rows + _distribution_rows(stats) + _group_rows(stats)


def _distribution_rows(stats: Stats) -> list[Values]:
    """Return percentiles and ends by channel, and what is of all channels together."""
    rows: list[Values] = [
        ("histogram", name, *pair)
        for name, values in distribution(stats).items()
        for pair in zip(stats.channels, values, strict=True)
    ]
    pooled = vars(stats.pooled) if stats.pooled else {}
    return rows + [("pooled", name, "all", value) for name, value in pooled.items()]


def _group_rows(stats: Stats) -> list[Values]:
    """Return mean, var, std, percentiles and ends of each group, by its name."""
    return [
        (f"group {name}", figure, *pair)
        for name, group in (stats.groups or {}).items()
        for figure, values in (_moments(group.exact) | distribution(group)).items()
        for pair in zip(stats.channels, values, strict=True)
    ]


def _moments(estimate: Estimate) -> dict[str, Floats]:
    return {"mean": estimate.mean, "var": estimate.var, "std": estimate.std}


def _comparison_rows(comparison: Comparison) -> list[Values]:
    rows: list[Values] = [("name", "figure", "channel", "value", "delta", "delta_in_std")]
    names = channels(comparison)
    for figure in figures(comparison):
        numbers = figure.values, figure.delta, figure.delta_in_std
        rows += [(figure.row.name, figure.name, *n) for n in zip(names, *numbers, strict=True)]
    return rows + _compared_distributions(comparison)


def _compared_distributions(comparison: Comparison) -> list[Values]:
    """Return percentiles and ends that a row and the baseline both have."""
    first, names = comparison.rows[0], channels(comparison)
    if not any(row.distribution for row in comparison.rows[1:]):
        return []
    return [
        (row.name, name, channel, value, value - own, None)
        for row in comparison.rows
        for name, values in row.distribution.items()
        if name in first.distribution
        for channel, value, own in zip(names, values, first.distribution[name], strict=True)
    ]


def _sweep_rows(sweep: Sweep) -> list[Values]:
    columns = [f"{figure}_{name}" for figure in ("mean", "std") for name in _OFF]
    return [(*_SCHEDULE, *columns, *_RANKS), *map(_cell_row, sweep.cells)]


def _cell_row(cell: Cell) -> Values:
    schedule = ("cumulative" if (v := getattr(cell, n)) is None else v for n in _SCHEDULE)
    figures = (getattr(off, name) for off in (cell.mean, cell.std) for name in _OFF)
    return *schedule, *figures, cell.ranks, cell.synchronized


def _layer_rows(result: Recalibration) -> list[Values]:
    rows = [asdict(layer) for layer in result.layers]
    return [tuple(rows[0]), *(tuple(row.values()) for row in rows)]


def _markdown(block: Block) -> str:
    if isinstance(block, Headline):
        return f"{block.line.text}\n"
    if not isinstance(block, Table):
        return "".join(map(_markdown_line, block.lines))
    title = f"**{block.title}**\n\n" if block.title else ""
    note = f"{block.note.strip()}\n\n" if block.note else ""
    head = _table_line([column.heading for column in block.columns])
    rule = _table_line(["---"] * len(block.columns))
    rows = (_table_line(_cells(row, len(block.columns))) for row in block.rows)
    below = "".join(f"\n{_markdown_line(line)}" for line in block.footnotes)
    return title + note + head + rule + "".join(rows) + below


def _markdown_line(line: Line) -> str:
    return f"\n    {line.text}\n" if line.tone == "command" else f"{line.text}\n"


def _cells(row: Row, columns: int) -> Sequence[str]:
    """Return as many cells as there are columns; a row of a single one is bold."""
    if len(row.cells) == columns:
        return row.cells
    return [f"**{row.cells[0]}**", *[""] * (columns - 1)]


def _table_line(cells: Sequence[str]) -> str:
    escaped = (cell.strip().replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"


def text(value: Reportable) -> str:
    """Return the report of a value as plain text."""
    return plain_text(report(value)).rstrip("\n")


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
            return "".join(map(_html_line, block.lines))
        case Table():
            return _html_table(block) + "".join(map(_html_line, block.footnotes))


def _html_line(line: Line) -> str:
    text = escape(line.text)
    return f"<pre>{text}</pre>" if line.tone == "command" else f"<p>{text}</p>"


def _html_table(table: Table) -> str:
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f"<th>{escape(column.heading)}</th>" for column in table.columns)
    rows = "".join(_html_row(row, table.columns) for row in table.rows)
    made = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div style="overflow-x:auto">{made}</div>'


def _html_row(row: Row, columns: Sequence[Column]) -> str:
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
