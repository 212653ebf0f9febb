"""The report of a comparison: the answer, a table of its rows, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bnstat.result import EXACT, Floats
from bnstat.show.blocks import (
    Block,
    Column,
    Headline,
    Line,
    Paragraph,
    Row,
    Table,
    Tone,
    sigma,
    signed,
    times,
)
from bnstat.show.changes import SHIFT, Change, ComparedRow, Difference, change
from bnstat.show.comparison import Comparison
from bnstat.show.significance import Pair
from bnstat.show.verdicts import Finding
from bnstat.text import printable

_TONES: Mapping[bool | None, Tone] = {None: "plain", False: "good", True: "warning"}


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
    """Return the answer, the figures of each row, and what to do; with `verbose` all there is."""
    shown = [f for f in comparison.findings if verbose or not f.detail]
    blocks: list[Block] = []
    if shown and shown[0].is_answer:  # a baseline alone asks nothing
        answer, *shown = shown
        blocks.append(Headline(printable(answer.text), tone=_TONES[answer.alarm]))
    blocks += _row_tables(comparison) if verbose else [_figures_table(comparison)]
    if shown:
        blocks.append(Paragraph(tuple(_lines_of(shown))))
    return tuple(blocks)


def _pairs(comparison: Comparison) -> list[tuple[ComparedRow, Difference]]:
    return list(zip(comparison.rows, comparison.differences, strict=True))


def _lines_of(findings: Sequence[Finding]) -> Iterator[Line]:
    for finding in findings:
        yield Line(printable(finding.text), _TONES[finding.alarm])
        if finding.command:
            yield Line(printable(finding.command), "command")


def _figures_table(comparison: Comparison) -> Table:
    """Return mean and std of each row below its name, and what normalizing leaves of them."""
    rows: list[Row] = []
    baseline, marked = comparison.rows[0], False
    for row, off in _pairs(comparison):
        rows.append(Row.heading(_heading(row)))
        changed = None if row is baseline else change(row, baseline, off)
        for figure in _figures(row, off):
            rows.append(Row((f"  {figure.name}", *(f"{value:.6f}" for value in figure.values))))
            if row is not baseline:
                rows.append(_change_row(figure, changed))
        marked = marked or (changed is not None and changed.matters)
    note = Line(f"* shifts by more than {SHIFT:g} σ of the baseline, or scales by more than 5 %")
    below = (note,) if marked else ()
    return Table.by_channel([""], channels(comparison), rows, footnotes=below)


def _change_row(figure: Figure, changed: Change | None) -> Row:
    """Return the shift of a mean, or the scale of a std, with a mark where it matters."""
    number = len(figure.values)
    if changed is None:
        return Row(("    difference", *map(signed, figure.delta)))
    if figure.name == "mean":
        label, cells, marks = "shift", map(sigma, changed.mean), changed.marks[:number]
    else:
        label, cells, marks = "scale", map(times, changed.std), changed.marks[number:]
    marked = (f"* {cell}" if mark else cell for cell, mark in zip(cells, marks, strict=True))
    return Row((f"    {label}", *marked))


def _heading(row: ComparedRow) -> str:
    """Return the name of a row, and which of its pixels counted where not all did."""
    words = row.result.measured_as if row.result else ""
    return printable(f"{row.name} ({words})" if words else row.name)


def summary(comparison: Comparison) -> tuple[Block, ...]:
    """Return one table with a line for each row and figure, and the verdicts."""
    names = channels(comparison)
    rows = [
        (
            printable(figure.row.name),
            figure.name,
            *(f"{value:.6f}" for value in figure.values),
            *(signed(255 * difference) for difference in figure.delta),
        )
        for figure in figures(comparison)
    ]
    lines = (Line(printable(verdict)) for verdict in comparison.verdicts)
    columns = [*names, *(f"Δ {name} /255" for name in names)]
    return Table.by_channel(["", ""], columns, rows), Paragraph(tuple(lines))


def figures(comparison: Comparison) -> Iterator[Figure]:
    for row, off in _pairs(comparison):
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
    for row, off in _pairs(comparison)[1:]:
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


def _row_tables(comparison: Comparison) -> Iterator[Table]:
    columns = (Column("", numbers=False), *map(Column, channels(comparison)))
    for row, off in _pairs(comparison):
        lines = _lines(row, off, is_baseline=row is comparison.rows[0])
        note = None if row.result else f"  {printable(row.source)}"
        yield Table(columns, tuple(map(Row, lines)), _heading(row), note)


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
