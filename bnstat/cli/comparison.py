"""A comparison as a table, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator

import click
from rich.table import Table
from rich.text import Text

from bnstat.cli.report import console_for
from bnstat.cli.tables import difference
from bnstat.comparison import Comparison, Difference, Row
from bnstat.text import printable


def show(comparison: Comparison, form: str, color: bool | None) -> None:
    """Put a comparison on stdout."""
    if form == "table":
        _table(comparison, color)
        return
    render: Callable[[Comparison], str] = {"json": _json, "csv": _csv, "markdown": _markdown}[form]
    click.echo(render(comparison), nl=False)


def _json(comparison: Comparison) -> str:
    return json.dumps(comparison.to_dict(), ensure_ascii=False, indent=2) + "\n"


def _csv(comparison: Comparison) -> str:
    """Return a line for each row, figure and channel."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "figure", "channel", "value", "delta", "delta_in_std"])
    for row, less in zip(comparison.rows, comparison.differences, strict=True):
        for figure, values, delta, in_std in _figures(row, less):
            for channel, *numbers in zip(_channels(comparison), values, delta, in_std, strict=True):
                writer.writerow([row.name, figure, channel, *numbers])
    return text.getvalue()


def _markdown(comparison: Comparison) -> str:
    """Return a table with a line for each row and figure, and the verdicts below it."""
    head = ["", "", *_channels(comparison), *(f"Δ {c} /255" for c in _channels(comparison))]
    lines = [head, ["---"] * len(head)]
    for row, less in zip(comparison.rows, comparison.differences, strict=True):
        for figure, values, delta, _ in _figures(row, less):
            numbers = [*(f"{v:.6f}" for v in values), *(difference(255 * d) for d in delta)]
            lines.append([printable(row.name).replace("|", "\\|"), figure, *numbers])
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return table + "\n" + "".join(f"{printable(verdict)}\n" for verdict in comparison.verdicts)


def _figures(
    row: Row, less: Difference
) -> Iterator[tuple[str, tuple[float, ...], tuple[float, ...], tuple[float | None, ...]]]:
    yield "mean", row.mean, less.mean, less.mean_in_std
    yield "std", row.std, less.std, less.std_in_std


def _channels(comparison: Comparison) -> tuple[str, ...]:
    known = [row.channels for row in comparison.rows if row.channels]
    return (
        tuple(map(printable, known[0]))
        if known
        else tuple(f"C{i}" for i in range(len(comparison.rows[0].mean)))
    )


def _table(comparison: Comparison, color: bool | None) -> None:
    """Print a block for each row, and the verdicts as one paragraph."""
    console = console_for(color)
    for row, less in zip(comparison.rows, comparison.differences, strict=True):
        console.print(printable(row.name), style="bold", markup=False)
        if row.result is None:
            console.print(f"  {printable(row.source)}", markup=False)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column("", no_wrap=True)
        for channel in _channels(comparison):
            table.add_column(Text(channel), justify="right", no_wrap=True)
        for line in _lines(row, less, is_baseline=row is comparison.rows[0]):
            table.add_row(*line)
        console.print(table)
        console.print()
    console.print(" ".join(map(printable, comparison.verdicts)), markup=False)


def _lines(row: Row, less: Difference, *, is_baseline: bool) -> Iterator[list[str]]:
    """Yield a label and a cell a channel: each figure, and what it differs from and by how much."""
    for figure, values, delta, in_std in _figures(row, less):
        yield [f"  {figure}", *(f"{value:.6f}" for value in values)]
        if not is_baseline:
            yield ["    less baseline, in 1/255", *(difference(255 * d) for d in delta)]
            yield ["    less baseline, in its std", *map(difference, in_std)]
        for name, figures in row.methods.items():
            if figures is not None and name not in ("two-pass", "published"):
                other = figures[0] if figure == "mean" else figures[1]
                away = (255 * (a - b) for a, b in zip(other, values, strict=True))
                yield [f"    {name} less two-pass, in 1/255", *map(difference, away)]
