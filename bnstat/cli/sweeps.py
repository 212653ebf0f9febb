"""A sweep as a table for each order."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bnstat.cli.report import console_for, counted
from bnstat.stats.sweep import Cell, Off, Sweep


def show(sweep: Sweep, color: bool | None) -> None:
    """Show a line for each schedule on stdout, and what follows."""
    console = console_for(color)
    console.print(
        f"{counted(sweep.images, 'image')}. How far BatchNorm's mean and std are off two-pass, in "
        "[0, 1], in the worst channel: the most in any repeat, its root mean square, and what "
        "theory expects of that. start: the share of the initial mean 0 and var 1 that is still "
        "in it.",
        markup=False,
    )
    for order in dict.fromkeys(cell.order for cell in sweep.cells):
        cells = [cell for cell in sweep.cells if cell.order == order]
        repeats = f"{cells[0].repeats} repeats" if order == "shuffled" else "by key"
        console.print()
        console.print(f"{order} ({repeats})", style="bold", markup=False)
        console.print(_table(cells))
    console.print()
    console.print(sweep.verdict, markup=False)


def _table(cells: Sequence[Cell]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("batch", "momentum", "start", "mean", "rms", "theory", "std", "rms", "theory"):
        left = heading == "momentum"
        table.add_column(heading, justify="left" if left else "right", no_wrap=True, min_width=7)
    for cell in cells:
        momentum = "cumulative" if cell.momentum is None else f"{cell.momentum:g}"
        start = f"{cell.start_weight:.2g}"
        off = (*_figures(cell.mean), *_figures(cell.std))
        table.add_row(f"{cell.batch_size}", momentum, start, *off)
    return table


def _figures(off: Off) -> tuple[str, str, str]:
    return f"{off.largest:.2g}", f"{off.rms:.2g}", f"{off.expected:.2g}"
