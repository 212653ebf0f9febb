"""The reports of a sweep, a recalibration, outliers and duplicates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bnstat.result.found_images import Duplicates, EqualImages, NearImages, Outlier, Outliers
from bnstat.result.running_statistics import Cell, LayerShift, Off, Recalibration, Sweep
from bnstat.show.blocks import Block, Column, Headline, Line, Paragraph, Row, Table, Tone, signed
from bnstat.text import pluralize, printable

_DETAILS = ("mean", "rms", "theory", "std", "rms", "theory")


def sweep_report(sweep: Sweep, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return the verdict, and a line for each schedule; with `verbose` all figures of it."""
    verdict = Headline(sweep.verdict, tone="good" if sweep.fitting else "warning")
    ranks = [Paragraph.of(_RANKS)] if any(cell.seen for cell in sweep.cells) else []
    if not verbose:
        explained = (
            f"{pluralize(sweep.images, 'image')}. Largest difference of BatchNorm2d's mean or std "
            "from two-pass, in [0, 1], in any channel and repeat; initial is the share of the "
            "initial mean 0 / var 1 that is left:"
        )
        return verdict, Paragraph.of(explained), _summary(sweep), *ranks
    explained = (
        f"{pluralize(sweep.images, 'image')}. Difference of BatchNorm2d's mean and std from "
        "two-pass, in [0, 1], in the worst channel: the largest in any repeat, the root mean "
        "square over the repeats, and what theory expects of that. initial: the share of the "
        "initial mean 0 / var 1 that is left."
    )
    tables = [_details(sweep, heading) for heading in _headings(sweep)]
    return (verdict, Paragraph.of(explained), *tables, *ranks)


_RANKS = (
    "SyncBatchNorm: batches of all ranks together, as DistributedSampler deals the images. Rank 0 "
    "alone: what DistributedDataParallel saves without it. GroupNorm keeps no statistics."
)


def _headings(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(map(_heading, sweep.cells)))


def _heading(cell: Cell) -> str:
    return f"{cell.order}, {cell.seen}" if cell.seen else cell.order


def _schedule_columns() -> Iterator[Column]:
    yield Column("batch")
    yield Column("momentum", numbers=False)
    yield Column("initial")


def _schedule(cell: Cell) -> tuple[str, str, str]:
    momentum = "cumulative" if cell.momentum is None else f"{cell.momentum:g}"
    return f"{cell.batch_size}", momentum, f"{cell.start_weight:.2g}"


def _summary(sweep: Sweep) -> Table:
    """Return a line for each batch size and momentum; a column for each order and use of ranks."""
    headings, rows = _headings(sweep), []
    cells = {(cell.batch_size, cell.momentum, _heading(cell)): cell for cell in sweep.cells}
    for size, momentum in dict.fromkeys((c.batch_size, c.momentum) for c in sweep.cells):
        beside = [cells.get((size, momentum, heading)) for heading in headings]
        known = [cell for cell in beside if cell is not None]
        good = any(cell in sweep.fitting for cell in known)
        cells_text = (*_schedule(known[0]), *map(_largest, beside))
        rows.append(Row(cells_text, "good" if good else "plain"))
    return Table((*_schedule_columns(), *map(Column, headings)), tuple(rows))


def _largest(cell: Cell | None) -> str:
    return f"{cell.largest:.2g}" if cell else "-"


def _details(sweep: Sweep, heading: str) -> Table:
    cells = [cell for cell in sweep.cells if _heading(cell) == heading]
    shuffled = cells[0].order == "shuffled"
    repeats = pluralize(cells[0].repeats, "repeat") if shuffled else "by key"
    rows = tuple(
        Row((*_schedule(cell), *_figures(cell.mean), *_figures(cell.std))) for cell in cells
    )
    return Table((*_schedule_columns(), *map(Column, _DETAILS)), rows, f"{heading} ({repeats})")


def _figures(off: Off) -> tuple[str, str, str]:
    return f"{off.largest:.2g}", f"{off.rms:.2g}", f"{off.expected:.2g}"


_SHOWN = 10
# Below this, what a layer puts out differs by less than it would between two samples of the data.
_SMALL, _LARGE = 0.05, 0.5


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
    had = "is" if result.output is None else "was"
    are = "are" if had == "is" else "were"
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
    columns = (
        Column("layer", numbers=False),
        *map(Column, ("channels", "Δmean", "rms", "var least", "largest")),
    )
    rows = tuple(_row(layer) for layer in shown)
    left = len(result.layers) - len(shown)
    notes = [f"{pluralize(left, 'layer')} more; -v shows all"] if left > 0 else []
    notes += [f"stored as negative or not finite: {name}" for name in result.invalid]
    notes += [f"not called by the model, left as it is: {name}" for name in result.unused]
    return Table(columns, rows, footnotes=Paragraph.of(*notes).lines)


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
    equal = sum(len(each.images) for each in duplicates.sets)
    across = sum(each.across for each in duplicates.sets)
    tone: Tone = "warning" if duplicates.sets else "good"
    headline = f"{pluralize(duplicates.images, 'image')}: "
    near = duplicates.bits is not None
    if not duplicates.sets:
        none = "no two are nearly equal." if near else "no two have equal pixels."
        return (Headline(headline + none, tone=tone),)
    alike = "nearly equal to" if near else "equal to"
    headline += f"{equal:,} are {alike} others, in {pluralize(len(duplicates.sets), 'set')}"
    headline += f", {across:,} of them across sources." if across else "."
    return Headline(headline, tone=tone), *map(_set_of_images, duplicates.sets)


def _set_of_images(each: EqualImages) -> Paragraph:
    return _near_images(each) if isinstance(each, NearImages) else _equal_images(each)


def _near_images(each: NearImages) -> Paragraph:
    """Return a set: each image with its size, and whether it is mirrored."""
    what = f"Nearly equal{', across sources' if each.across else ''}:"
    names = (Line(f"  {printable(key)}  ({note})") for key, note in each.notes)
    return Paragraph((Line(what, "title"), *names))


def _equal_images(each: EqualImages) -> Paragraph:
    what = f"{each.what}{', across sources' if each.across else ''}:"
    names = (Line(f"  {printable(image)}") for image in each.images)
    return Paragraph((Line(what, "title"), *names))
