"""The report of a sweep: a table for each order, and what follows."""

from __future__ import annotations

from bnstat.reports.blocks import Block, Column, Paragraph, Table
from bnstat.reports.words import counted
from bnstat.stats.sweep import Cell, Off, Sweep

_HEADINGS = ("batch", "momentum", "start", "mean", "rms", "theory", "std", "rms", "theory")


def sweep_report(sweep: Sweep) -> tuple[Block, ...]:
    """Return what the columns are, a table for each order, and the verdict."""
    explained = (
        f"{counted(sweep.images, 'image')}. How far BatchNorm's mean and std are off two-pass, in "
        "[0, 1], in the worst channel: the most in any repeat, its root mean square, and what "
        "theory expects of that. start: the share of the initial mean 0 and var 1 that is still "
        "in it."
    )
    orders = dict.fromkeys(cell.order for cell in sweep.cells)
    tables = [_table(sweep, order) for order in orders]
    return (Paragraph.of(explained), *tables, Paragraph.of(sweep.verdict))


def _table(sweep: Sweep, order: str) -> Table:
    cells = [cell for cell in sweep.cells if cell.order == order]
    repeats = f"{cells[0].repeats} repeats" if order == "shuffled" else "by key"
    columns = tuple(Column(heading, heading != "momentum", 7) for heading in _HEADINGS)
    return Table(columns, tuple(map(_row, cells)), f"{order} ({repeats})", gap=1)


def _row(cell: Cell) -> tuple[str, ...]:
    momentum = "cumulative" if cell.momentum is None else f"{cell.momentum:g}"
    schedule = f"{cell.batch_size}", momentum, f"{cell.start_weight:.2g}"
    return *schedule, *_figures(cell.mean), *_figures(cell.std)


def _figures(off: Off) -> tuple[str, str, str]:
    return f"{off.largest:.2g}", f"{off.rms:.2g}", f"{off.expected:.2g}"
