"""The reports of a sweep, a recalibration, outliers and duplicates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bnstat.result.found_images import Duplicates, EqualImages, NearImages, Outlier, Outliers
from bnstat.result.running_statistics import Cell, LayerShift, Off, Recalibration, Sweep
from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table, Tone, signed
from bnstat.text import pluralize, printable

_DETAILS = ("mean", "rms", "theory", "std", "rms", "theory")
_RANKS = (
    "SyncBatchNorm: batches of all ranks together, as DistributedSampler deals the images. Rank 0 "
    "alone: what DistributedDataParallel saves without it. GroupNorm keeps no statistics."
)
_SCHEDULE = Column("batch"), Column("momentum", numbers=False), Column("initial")
_SHOWN = 10
# Below this, what a layer puts out differs by less than it would between two samples of the data.
_SMALL, _LARGE = 0.05, 0.5


def sweep_report(sweep: Sweep, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return the verdict, and a line for each schedule; with `verbose` all figures of it."""
    verdict = Headline(sweep.verdict, tone="good" if sweep.fitting else "warning")
    ranks = [Paragraph.of(_RANKS)] if any(cell.seen for cell in sweep.cells) else []
    if verbose:
        explained = (
            "Difference of BatchNorm2d's mean and std from two-pass, in [0, 1], in the worst "
            "channel: the largest in any repeat, the root mean square over the repeats, and what "
            "theory expects of that. initial: the share of the initial mean 0 / var 1 that is left."
        )
    else:
        explained = (
            "Largest difference of BatchNorm2d's mean or std from two-pass, in [0, 1], in any "
            "channel and repeat; initial is the share of the initial mean 0 / var 1 that is left:"
        )
    by_heading: dict[str, list[Cell]] = {}
    for cell in sweep.cells:
        by_heading.setdefault(_heading(cell), []).append(cell)
    tables = [_details(*each) for each in by_heading.items()] if verbose else [_summary(sweep)]
    images = pluralize(sweep.images, "image")
    return (verdict, Paragraph.of(f"{images}. {explained}"), *tables, *ranks)


def _heading(cell: Cell) -> str:
    return f"{cell.order}, {cell.seen}" if cell.seen else cell.order


def _schedule(cell: Cell) -> tuple[str, str, str]:
    momentum = "cumulative" if cell.momentum is None else f"{cell.momentum:g}"
    return f"{cell.batch_size}", momentum, f"{cell.start_weight:.2g}"


def _summary(sweep: Sweep) -> Table:
    """Return a line for each batch size and momentum; a column for each order and use of ranks."""
    headings = list(dict.fromkeys(map(_heading, sweep.cells)))
    cells: dict[tuple[int, float | None], dict[str, Cell]] = {}
    for cell in sweep.cells:
        cells.setdefault((cell.batch_size, cell.momentum), {})[_heading(cell)] = cell
    rows = []
    for known in cells.values():
        good = any(cell in sweep.fitting for cell in known.values())
        largest = (f"{known[name].largest:.2g}" if name in known else "-" for name in headings)
        schedule = _schedule(next(known[name] for name in headings if name in known))
        rows.append(Row((*schedule, *largest), "good" if good else "plain"))
    return Table((*_SCHEDULE, *map(Column, headings)), tuple(rows))


def _details(heading: str, cells: Sequence[Cell]) -> Table:
    shuffled = cells[0].order == "shuffled"
    repeats = pluralize(cells[0].repeats, "repeat") if shuffled else "by key"
    rows = tuple(
        Row((*_schedule(cell), *_figures(cell.mean), *_figures(cell.std))) for cell in cells
    )
    return Table((*_SCHEDULE, *map(Column, _DETAILS)), rows, f"{heading} ({repeats})")


def _figures(off: Off) -> tuple[str, str, str]:
    return f"{off.largest:.2g}", f"{off.rms:.2g}", f"{off.expected:.2g}"


def recalibration_report(result: Recalibration, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return what follows, and a line for each of the farthest layers; with `verbose` of all."""
    layers = sorted(result.layers, key=lambda layer: layer.worst, reverse=True)
    worst = layers[0]
    tone: Tone = "good" if worst.worst < _SMALL else "warning"
    return (
        Headline(_verdict(result, worst), tone=tone),
        Paragraph.of(_explained(result)),
        _table(result, layers if verbose else layers[:_SHOWN]),
    )


def _verdict(result: Recalibration, worst: LayerShift) -> str:
    had, are = ("is", "are") if result.output is None else ("was", "were")
    if result.invalid:
        broken = ", ".join(result.invalid[:_SHOWN])
        return f"The running statistics {are} broken: negative or not finite in {broken}."
    size = "near" if worst.worst < _SMALL else "off" if worst.worst < _LARGE else "far off"
    return (
        f"The running statistics {are} {size}: the farthest layer, "
        f"{worst.name}, {had} off by {worst.mean:.2g} std in the mean of a channel; its variances "
        f"{are} {worst.variance_low:.2g} to {worst.variance_high:.2g} times those measured."
    )


def _explained(result: Recalibration) -> str:
    draws = f", {pluralize(result.epochs, 'draw')} each" if result.epochs > 1 else ""
    passes = pluralize(result.passes, "pass", "passes")
    return (
        f"{pluralize(result.images, 'image')}{draws}, {result.normalization}, {passes}. By layer, "
        "the farthest first: |Δmean|/std, the largest of any channel and its root mean square; "
        "running variance / measured, the least and the largest:"
    )


def _table(result: Recalibration, shown: Sequence[LayerShift]) -> Table:
    left = len(result.layers) - len(shown)
    notes = [f"{pluralize(left, 'layer')} more; -v shows all"] if left > 0 else []
    notes += [f"stored as negative or not finite: {name}" for name in result.invalid]
    notes += [f"not called by the model, left as it is: {name}" for name in result.unused]
    headings = ["channels", "Δmean", "rms", "var least", "largest"]
    below = Paragraph.of(*notes).lines
    return Table.by_channel(["layer"], headings, map(_row, shown), footnotes=below)


def _row(layer: LayerShift) -> Row:
    figures = layer.mean, layer.mean_rms, layer.variance_low, layer.variance_high
    tone: Tone = "warning" if layer.worst >= _LARGE else "plain"
    return Row((layer.name, str(layer.channels), *(f"{figure:.2g}" for figure in figures)), tone)


def outliers_report(outliers: Outliers, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return how many there are, and a line for each: why, and what it does to the figures.

    With `verbose`, all that is unusual about each, with z.
    """
    number = outliers.number
    looked_at = pluralize(outliers.images, "image")
    headline = Headline(f"{looked_at}, of which {number:,} unlike the rest of their group.")
    if not number:
        return (headline,)
    columns = (
        Column("image", numbers=False),
        Column("on mean"),
        Column("on std"),
        Column("why", numbers=False),
    )
    rows = tuple(_outlier_row(outlier, verbose) for outlier in outliers.found)
    note = "on mean, on std: the set's figure less that without the image, at its largest."
    return headline, Table(columns, rows, footnotes=Paragraph.of(note, *_more(outliers)).lines)


def _more(outliers: Outliers) -> Iterator[str]:
    """Yield how outliers that are not shown are asked for."""
    if outliers.number > len(outliers.found):
        yield f"{outliers.number - len(outliers.found):,} more: --limit {outliers.number}."
    if outliers.beyond > outliers.number:
        more = f"{outliers.beyond - outliers.number:,} more with a score above"
        yield f"{more} {outliers.threshold:g}: --expect {outliers.beyond}."


def _outlier_row(outlier: Outlier, verbose: bool) -> Row:
    pairs = zip(outlier.reasons, outlier.z, strict=True)
    said = [f"{why} (z {z:+.1f})" if math.isfinite(z) else why for why, z in pairs]
    why = ", ".join(said) if verbose else outlier.reasons[0]
    influences = (outlier.influence_on_mean, outlier.influence_on_std)
    figures = (signed(max(values, key=_size)) for values in influences)
    return Row((printable(outlier.image), *figures, why))


def _size(value: float) -> float:
    return -1.0 if math.isnan(value) else abs(value)


def duplicates_report(duplicates: Duplicates) -> tuple[Block, ...]:
    """Return how many images are equal to others, and each set of them."""
    images, sets = pluralize(duplicates.images, "image"), duplicates.sets
    near = duplicates.bits is not None
    if not sets:
        none = "no two are nearly equal." if near else "no two have equal pixels."
        return (Headline(f"{images}: {none}", tone="good"),)
    equal, across = sum(len(each.images) for each in sets), sum(each.across for each in sets)
    alike = "nearly equal to" if near else "equal to"
    said = f"{images}: {equal:,} are {alike} others, in {pluralize(len(sets), 'set')}"
    said += f", {across:,} of them across sources." if across else "."
    return Headline(said, tone="warning"), *map(_set_of_images, sets)


def _set_of_images(each: EqualImages) -> Paragraph:
    """Return what is alike; and each image, of near ones with its size and if it is mirrored."""
    near = isinstance(each, NearImages)
    what = f"{'Nearly equal' if near else each.what}{', across sources' if each.across else ''}:"
    names = [f"  {printable(key)}" + (f"  ({note})" if near else "") for key, note in each.notes]
    return Paragraph((Line(what, "title"), *map(Line, names)))
