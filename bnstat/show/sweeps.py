"""The report of a sweep: what follows, and how far each schedule was off."""

from __future__ import annotations

from collections.abc import Iterator

from bnstat.result.sweep import Cell, Off, Sweep
from bnstat.show.blocks import Block, Column, Paragraph, Row, Table
from bnstat.show.words import counted

_DETAILS = ("mean", "rms", "theory", "std", "rms", "theory")


def sweep_report(sweep: Sweep, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return the verdict, and a line for each schedule; with `verbose` all figures of it."""
    verdict = Paragraph.of(sweep.verdict, tone="good" if sweep.fitting else "warning")
    if not verbose:
        explained = (
            f"{counted(sweep.images, 'image')}. Largest difference of BatchNorm2d's mean or std "
            "from two-pass, in [0, 1], in any channel and repeat; initial is the share of the "
            "initial mean 0 / var 1 that is left:"
        )
        return verdict, Paragraph.of(explained), _summary(sweep)
    explained = (
        f"{counted(sweep.images, 'image')}. Difference of BatchNorm2d's mean and std from "
        "two-pass, in [0, 1], in the worst channel: the largest in any repeat, the root mean "
        "square over the repeats, and what theory expects of that. initial: the share of the "
        "initial mean 0 / var 1 that is left."
    )
    tables = [_details(sweep, order) for order in _orders(sweep)]
    return (verdict, Paragraph.of(explained), *tables)


def _orders(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(cell.order for cell in sweep.cells))


def _schedule_columns() -> Iterator[Column]:
    yield Column("batch")
    yield Column("momentum", numbers=False)
    yield Column("initial")


def _schedule(cell: Cell) -> tuple[str, str, str]:
    momentum = "cumulative" if cell.momentum is None else f"{cell.momentum:g}"
    return f"{cell.batch_size}", momentum, f"{cell.start_weight:.2g}"


def _summary(sweep: Sweep) -> Table:
    """Return a line for each batch size and momentum, and a column for each order."""
    orders, rows = _orders(sweep), []
    cells = {(cell.batch_size, cell.momentum, cell.order): cell for cell in sweep.cells}
    for size, momentum in dict.fromkeys((c.batch_size, c.momentum) for c in sweep.cells):
        beside = [cells.get((size, momentum, order)) for order in orders]
        known = [cell for cell in beside if cell is not None]
        good = any(cell in sweep.fitting for cell in known)
        cells_text = (*_schedule(known[0]), *map(_largest, beside))
        rows.append(Row(cells_text, "good" if good else "plain"))
    return Table((*_schedule_columns(), *map(Column, orders)), tuple(rows))


def _largest(cell: Cell | None) -> str:
    return f"{cell.largest:.2g}" if cell else "-"


def _details(sweep: Sweep, order: str) -> Table:
    cells = [cell for cell in sweep.cells if cell.order == order]
    repeats = counted(cells[0].repeats, "repeat") if order == "shuffled" else "by key"
    rows = tuple(
        Row((*_schedule(cell), *_figures(cell.mean), *_figures(cell.std))) for cell in cells
    )
    return Table((*_schedule_columns(), *map(Column, _DETAILS)), rows, f"{order} ({repeats})")


def _figures(off: Off) -> tuple[str, str, str]:
    return f"{off.largest:.2g}", f"{off.rms:.2g}", f"{off.expected:.2g}"
