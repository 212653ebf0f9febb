"""Which report is of which kind of result; results as text for programs: JSON, CSV, Markdown."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Mapping, Sequence
from csv import writer
from dataclasses import asdict
from io import StringIO
from typing import Any, TypeAlias

from bnstat.result import Estimate, Floats, Stats
from bnstat.result.explanation import Explanation
from bnstat.result.found_images import Duplicates, Outliers
from bnstat.result.recalibration import Recalibration
from bnstat.result.sweep import Cell, Sweep
from bnstat.show.blocks import Block, Headline, Line, Row, Table
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
from bnstat.show.rows import distribution

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
