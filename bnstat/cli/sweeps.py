"""A sweep as a table."""

from __future__ import annotations

from rich.table import Table

from bnstat.cli.report import console_for, percent
from bnstat.sweep import Off, Sweep


def show(sweep: Sweep, color: bool | None) -> None:
    """Show a line for each schedule on stdout, and what follows."""
    console = console_for(color)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("batch", "momentum", "order"):
        table.add_column(heading, no_wrap=True)
    for heading in ("start", "mean: most", "rms", "theory", "std: most", "rms", "theory"):
        table.add_column(heading, justify="right", no_wrap=True)
    for cell in sweep.cells:
        momentum = "cumulative" if cell.momentum is None else f"{cell.momentum:g}"
        start = percent(cell.start_weight)
        schedule = f"{cell.batch_size}", momentum, cell.order, start
        table.add_row(*schedule, *_figures(cell.mean), *_figures(cell.std))
    console.print(f"{sweep.images:,} images; off two-pass, in [0, 1], in the worst channel:\n")
    console.print(table)
    console.print()
    console.print(sweep.verdict, markup=False)


def _figures(off: Off) -> tuple[str, str, str]:
    return f"{off.largest:.2g}", f"{off.rms:.2g}", f"{off.expected:.2g}"
