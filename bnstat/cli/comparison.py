"""A comparison as a table, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator

import click
from rich.table import Table

from bnstat.cli.report import console_for, printable
from bnstat.cli.tables import difference
from bnstat.compare import Comparison, Difference, Row


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
    return known[0] if known else tuple(f"C{i}" for i in range(len(comparison.rows[0].mean)))


def _table(comparison: Comparison, color: bool | None) -> None:
    console = console_for(color)
    channels = _channels(comparison)
    for index, (row, less) in enumerate(zip(comparison.rows, comparison.differences, strict=True)):
        console.print(printable(row.name), style="bold", markup=False)
        if row.result is None:
            console.print(f"  {printable(row.source)}", markup=False)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for label in ("  ", "", *channels):
            table.add_column(label, justify="right" if label in channels else "left", no_wrap=True)
        for figure, values, delta, in_std in _figures(row, less):
            table.add_row(f"  {figure}", "", *(f"{value:.6f}" for value in values))
            if index:
                table.add_row("", "less baseline, in 1/255", *(difference(255 * d) for d in delta))
                table.add_row("", "in baseline std", *map(difference, in_std))
        _add_methods(table, row)
        console.print(table)
        console.print()
    for verdict in comparison.verdicts:
        console.print(printable(verdict), markup=False)


def _add_methods(table: Table, row: Row) -> None:
    """Add how far the other methods are from two-pass, in 1/255."""
    for name, figures in row.methods.items():
        if figures is None or name in ("two-pass", "published"):
            continue
        for figure, values, exact in (("mean", figures[0], row.mean), ("std", figures[1], row.std)):
            away = (255 * (a - b) for a, b in zip(values, exact, strict=True))
            label = f"{name} less two-pass, in 1/255"
            table.add_row(f"  {figure}", label, *map(difference, away))
