"""The report of a comparison: the verdicts, and a table of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bnstat.result import EXACT, Floats
from bnstat.show.blocks import Block, Column, Line, Paragraph, Row, Table, Tone, signed
from bnstat.show.comparison import Comparison
from bnstat.show.rows import ComparedRow, Difference
from bnstat.show.significance import Pair
from bnstat.text import printable


@dataclass(frozen=True)
class Figure:
    """The mean or the std of a row by channel, and its differences from the baseline's.

    values, delta: in [0, 1]; delta_in_std: in the baseline's stds, None where that is 0.
    """

    row: ComparedRow
    name: str
    values: Floats
    delta: Floats
    delta_in_std: tuple[float | None, ...]


def comparison_report(comparison: Comparison, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return the verdicts, and the figures of each row; with `verbose` of each method."""
    if not verbose:
        return _verdicts(comparison), _figures_table(comparison)
    tables = [
        _row_table(comparison, row, off)
        for row, off in zip(comparison.rows, comparison.differences, strict=True)
    ]
    return (_verdicts(comparison), *tables)


def _verdicts(comparison: Comparison) -> Paragraph:
    tones: Mapping[bool | None, Tone] = {None: "plain", False: "good", True: "warning"}
    return Paragraph(tuple(Line(printable(f.text), tones[f.alarm]) for f in comparison.findings))


def _figures_table(comparison: Comparison) -> Table:
    """Return mean and std of each row below its name, and their differences in [0, 1]."""
    rows = []
    for figure in figures(comparison):
        if figure.name == "mean":
            rows.append(Row.heading(_heading(figure.row)))
        rows.append(Row((f"  {figure.name}", *(f"{value:.6f}" for value in figure.values))))
        if figure.row is not comparison.rows[0]:
            rows.append(Row(("    difference", *map(signed, figure.delta))))
    columns = (Column("", numbers=False), *map(Column, channels(comparison)))
    return Table(columns, tuple(rows))


def _heading(row: ComparedRow) -> str:
    """Return the name of a row, and which of its pixels counted where not all did."""
    words = row.result.selection.words if row.result else ""
    return printable(f"{row.name} ({words})" if words else row.name)


def summary(comparison: Comparison) -> tuple[Block, ...]:
    """Return one table with a line for each row and figure, and the verdicts."""
    names = channels(comparison)
    rows = [
        Row(
            (
                printable(figure.row.name),
                figure.name,
                *(f"{value:.6f}" for value in figure.values),
                *(signed(255 * difference) for difference in figure.delta),
            )
        )
        for figure in figures(comparison)
    ]
    columns = [*names, *(f"Δ {name} /255" for name in names)]
    head = (Column("", numbers=False), Column("", numbers=False), *map(Column, columns))
    return Table(head, tuple(rows)), _verdicts(comparison)


def figures(comparison: Comparison) -> Iterator[Figure]:
    """Yield the mean and the std of each row."""
    for row, off in zip(comparison.rows, comparison.differences, strict=True):
        yield from _figures(row, off)


def _figures(row: ComparedRow, off: Difference) -> tuple[Figure, Figure]:
    return (
        Figure(row, "mean", row.mean, off.mean, off.mean_in_std),
        Figure(row, "std", row.std, off.std, off.std_in_std),
    )


def excesses(
    comparison: Comparison, tolerance: float, *, significant: bool = False
) -> Iterator[str]:
    """Yield a line for each mean or std that differs from the baseline's by more than a tolerance.

    tolerance: in [0, 1]; significant: count only differences beyond their margins.
    """
    baseline = printable(comparison.rows[0].name)
    for what, name, difference, margin, _ in _differences(comparison):
        if abs(difference) > max(tolerance, margin if significant else 0.0):
            yield (
                f"{what}: {name} differs from {baseline} by {difference:+.3g}, "
                f"{abs(difference) - tolerance:.2g} over the tolerance of {tolerance:g}"
            )


def unsure(comparison: Comparison, tolerance: float) -> Iterator[str]:
    """Yield a line for each difference that its margin does not tell from a tolerance."""
    for what, name, difference, margin, pair in _differences(comparison):
        gap = abs(abs(difference) - tolerance)
        if gap >= margin:
            continue
        settled = pair.images_to_settle(gap, margin) if gap else None
        way = f"; about {settled:,} images would settle it" if settled else ""
        yield (
            f"not sure at {100 * pair.confidence:g} %: {what} of {name} differs by "
            f"{difference:+.3g} ± {margin:.2g}, and the tolerance is {tolerance:g}{way}"
        )


def _differences(comparison: Comparison) -> Iterator[tuple[str, str, float, float, Pair]]:
    """Yield figure and channel, row, difference, its margin (0 where exact) and pair."""
    names = channels(comparison)
    for row, off in zip(comparison.rows[1:], comparison.differences[1:], strict=True):
        margin = off.pair.margin
        for figure in _figures(row, off):
            margins = getattr(margin, figure.name) if margin else (0.0,) * len(names)
            for channel, difference, half in zip(names, figure.delta, margins, strict=True):
                what = f"{figure.name} of {channel}"
                yield what, printable(row.name), difference, half, off.pair


def channels(comparison: Comparison) -> tuple[str, ...]:
    """Return the names of the channels: those of a result, or C0, C1, ..."""
    known = [row.channels for row in comparison.rows if row.channels]
    if known:
        return tuple(map(printable, known[0]))
    return tuple(f"C{i}" for i in range(len(comparison.rows[0].mean)))


def _row_table(comparison: Comparison, row: ComparedRow, off: Difference) -> Table:
    columns = (Column("", numbers=False), *map(Column, channels(comparison)))
    lines = _lines(row, off, is_baseline=row is comparison.rows[0])
    note = None if row.result else f"  {printable(row.source)}"
    return Table(columns, tuple(map(Row, lines)), _heading(row), note)


def _lines(row: ComparedRow, off: Difference, *, is_baseline: bool) -> Iterator[tuple[str, ...]]:
    """Yield a label and a cell a channel: each figure, and how far others are from it."""
    for figure in _figures(row, off):
        yield f"  {figure.name}", *(f"{value:.6f}" for value in figure.values)
        if not is_baseline:
            yield "    difference, in 1/255", *(signed(255 * d) for d in figure.delta)
            yield "    difference ÷ baseline std", *map(signed, figure.delta_in_std)
        for name, pair in row.methods.items():
            if pair is not None and name not in (EXACT, "published"):
                other = pair[0] if figure.name == "mean" else pair[1]
                away = (255 * (a - b) for a, b in zip(other, figure.values, strict=True))
                yield f"    {name} − {EXACT}, in 1/255", *map(signed, away)
