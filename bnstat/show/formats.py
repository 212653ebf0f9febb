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
from bnstat.result.running_statistics import Recalibration, Sweep
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
Values: TypeAlias = tuple[Any, ...]
_SCHEDULE = "batch_size", "momentum", "order", "repeats", "batches", "start_weight"
_RANKS = "ranks", "synchronized"
_OFF = "largest", "rms", "expected"
# Of the small picture of a histogram in a notebook.
_BINS, _HEIGHT = 64, 40
_COLORS = {"R": "#d62728", "G": "#2ca02c", "B": "#1f77b4"}
_OTHER_COLOR = "#7f7f7f"


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
    rows: list[Values] = []
    match result:
        case Stats():
            rows = _stats_rows(result)
        case Comparison():
            rows = _comparison_rows(result)
        case Sweep():
            rows = _sweep_rows(result)
        case Recalibration():
            layers = [asdict(layer) for layer in result.layers]
            rows = [tuple(layers[0]), *(tuple(layer.values()) for layer in layers)]
    text = StringIO()
    writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def markdown(result: Reportable) -> str:
    """Return a result, comparison or sweep as Markdown: tables and paragraphs."""
    blocks = summary(result) if isinstance(result, Comparison) else report(result, verbose=True)
    return "\n".join(map(_markdown, blocks))


FORMATS: Mapping[str, Callable[[Reportable], str]] = {
    "json": json,
    "csv": csv,
    "markdown": markdown,
}


def _stats_rows(stats: Stats) -> list[Values]:
    figures = {name: _moments(found) for name, found in stats.methods.items() if found is not None}
    figures["histogram"] = distribution(stats)
    pooled = vars(stats.pooled) if stats.pooled else {}
    groups = {
        f"group {name}": _moments(group.exact) | distribution(group)
        for name, group in (stats.groups or {}).items()
    }
    return [
        ("method", "figure", "channel", "value"),
        *_by_channel(stats, figures),
        *(("pooled", name, "all", value) for name, value in pooled.items()),
        *_by_channel(stats, groups),
    ]


def _by_channel(stats: Stats, figures: Mapping[str, Mapping[str, Floats]]) -> Iterator[Values]:
    for name, of_name in figures.items():
        for figure, values in of_name.items():
            for pair in zip(stats.channels, values, strict=True):
                yield name, figure, *pair


def _moments(estimate: Estimate) -> dict[str, Floats]:
    return {"mean": estimate.mean, "var": estimate.var, "std": estimate.std}


def _comparison_rows(comparison: Comparison) -> list[Values]:
    """Return the figures of each row; then percentiles and ends that the baseline has too."""
    rows: list[Values] = [("name", "figure", "channel", "value", "delta", "delta_in_std")]
    first, names = comparison.rows[0], channels(comparison)
    for figure in figures(comparison):
        numbers = figure.values, figure.delta, figure.delta_in_std
        rows += [(figure.row.name, figure.name, *n) for n in zip(names, *numbers, strict=True)]
    if any(row.distribution for row in comparison.rows[1:]):
        rows += [
            (row.name, name, channel, value, value - own, None)
            for row in comparison.rows
            for name, values in row.distribution.items()
            if name in first.distribution
            for channel, value, own in zip(names, values, first.distribution[name], strict=True)
        ]
    return rows


def _sweep_rows(sweep: Sweep) -> list[Values]:
    columns = [f"{figure}_{name}" for figure in ("mean", "std") for name in _OFF]
    rows: list[Values] = [(*_SCHEDULE, *columns, *_RANKS)]
    for cell in sweep.cells:
        schedule = ("cumulative" if (v := getattr(cell, n)) is None else v for n in _SCHEDULE)
        offs = (getattr(off, name) for off in (cell.mean, cell.std) for name in _OFF)
        rows.append((*schedule, *offs, cell.ranks, cell.synchronized))
    return rows


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
    return plain_text(report(value)).rstrip("\n")


def html(value: Reportable) -> str:
    picture = ""
    if isinstance(value, Stats) and value.distribution and value.unit != "stored":
        picture = histogram_svg(value)
    return f"<div>{''.join(map(block_html, report(value)))}{picture}</div>"


def renderable(value: Reportable) -> object:
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


def histogram_svg(stats: Stats) -> str:
    """Return how often values occur in each channel, as a small picture."""
    bars = "".join(
        f'<polyline points="{_points(each.binned(_BINS, stats.scale))}" fill="none" '
        f'stroke="{_COLORS.get(channel, _OTHER_COLOR)}"><title>{escape(channel)}</title></polyline>'
        for channel, each in zip(stats.channels, stats.distribution or (), strict=True)
    )
    return (
        f'<svg width="{4 * _BINS}" height="{_HEIGHT}" role="img" '
        f'aria-label="histogram from 0 to 1">{bars}</svg>'
    )


def _points(counts: Sequence[int]) -> str:
    most = max(counts) or 1
    heights = (_HEIGHT - 1 - (_HEIGHT - 2) * count / most for count in counts)
    return " ".join(f"{4 * i + 2},{height:.1f}" for i, height in enumerate(heights))
