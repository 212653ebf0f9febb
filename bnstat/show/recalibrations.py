"""The report of a recalibration: layer by layer, the farthest first."""

from __future__ import annotations

from bnstat.result.recalibration import LayerShift, Recalibration
from bnstat.show.blocks import Block, Column, Paragraph, Row, Table, Tone
from bnstat.show.words import counted

_SHOWN = 10
# Below this, what a layer puts out differs by less than it would between two samples of the data.
_SMALL, _LARGE = 0.05, 0.5


def recalibration_report(result: Recalibration, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return what follows, and a line for each of the farthest layers; with `verbose` of all."""
    worst = result.layers[0]
    tone: Tone = "good" if worst.worst < _SMALL else "warning"
    return (
        Paragraph.of(_verdict(result, worst), tone=tone),
        Paragraph.of(_explained(result)),
        _table(result, len(result.layers) if verbose else _SHOWN),
    )


def _verdict(result: Recalibration, worst: LayerShift) -> str:
    had = "is" if result.output is None else "was"
    size = "near" if worst.worst < _SMALL else "off" if worst.worst < _LARGE else "far off"
    return (
        f"The running statistics {'are' if had == 'is' else 'were'} {size}: the farthest layer, "
        f"{worst.name}, {had} off by {worst.mean:.2g} std in the mean of a channel; its variances "
        f"{'are' if had == 'is' else 'were'} {worst.variance_low:.2g} to "
        f"{worst.variance_high:.2g} times those measured."
    )


def _explained(result: Recalibration) -> str:
    draws = f", {counted(result.epochs, 'draw')} each" if result.epochs > 1 else ""
    passes = counted(result.passes, "pass", "passes")
    return (
        f"{counted(result.images, 'image')}{draws}, {result.normalization}, {passes}. By layer, "
        "the farthest first: |Δmean|/std, the largest of any channel and its root mean square; "
        "running variance / measured, the least and the largest:"
    )


def _table(result: Recalibration, most: int) -> Table:
    columns = (
        Column("layer", numbers=False),
        *map(Column, ("channels", "Δmean", "rms", "var least", "largest")),
    )
    rows = tuple(_row(layer) for layer in result.layers[:most])
    left = len(result.layers) - most
    notes = [f"{counted(left, 'layer')} more; -v shows all"] if left > 0 else []
    notes += [f"not called by the model, left as it is: {name}" for name in result.unused]
    return Table(columns, rows, footnotes=Paragraph.of(*notes).lines)


def _row(layer: LayerShift) -> Row:
    figures = layer.mean, layer.mean_rms, layer.variance_low, layer.variance_high
    tone: Tone = "warning" if layer.worst >= _LARGE else "plain"
    return Row((layer.name, str(layer.channels), *(f"{figure:.2g}" for figure in figures)), tone)
