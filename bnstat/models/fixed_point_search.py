"""Passes over images until the running statistics of a model stay."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bnstat.errors import NothingMeasuredError, SourceError
from bnstat.models.activations import Activations
from bnstat.models.fixed_point import FixedPoint
from bnstat.models.layers import Running, statistics
from bnstat.models.passes import Passes
from bnstat.models.probe import Pass
from bnstat.moments import Pooled
from bnstat.result.recalibration import LayerShift
from bnstat.text import key_text


@dataclass(frozen=True)
class PassDone:
    """What is known after a pass.

    number: of the pass, from 1 on; at_most: how many there will be; layers: of BatchNorm, that the
    model calls; images: that were measured; seconds: that it took; moved: how far any of the layers
    that were measured moved, at most.
    """

    number: int
    at_most: int
    layers: int
    images: int
    seconds: float
    moved: float


@dataclass(frozen=True)
class Searched:
    """What passes have found.

    running: of each layer that the model calls; shifts: from the statistics that it had, the
    farthest first; unused: layers that it does not call; moved: in the last pass; settled: whether
    nothing more would move.
    """

    running: dict[str, Running]
    shifts: tuple[LayerShift, ...]
    unused: tuple[str, ...]
    passes: int
    moved: float
    settled: bool


def search(
    activations: Activations,
    passes: Passes,
    tolerance: float,
    at_most: int | None,
    on_pass: Callable[[PassDone], None] | None,
) -> Searched:
    """Make passes until nothing moves by more than a tolerance, or so many.

    Raises
    ------
    SourceError, NothingMeasuredError
        If there is no image, or none could be measured.
    ModelError
        If a layer is given values that are not finite.
    """
    layers = activations.layers
    stored, eps = statistics(layers), {name: layer.eps for name, layer in layers.items()}
    fixed = FixedPoint(dict(stored), eps, tolerance, at_most)
    while not fixed.done:
        start = time.perf_counter()
        _make_pass(fixed, passes)
        if on_pass is not None:
            on_pass(_done(fixed, passes, time.perf_counter() - start))
    running = {name: fixed.running[name] for name in fixed.order}
    shifts = [_shift(n, stored[n], fixed.finite(n), fixed.eps[n]) for n in fixed.order]
    shifts.sort(key=lambda shift: -shift.worst)
    unused = tuple(name for name in layers if name not in running)
    made, moved = len(fixed.moves), fixed.moves[-1]
    return Searched(running, tuple(shifts), unused, made, moved, fixed.settled)


def _make_pass(fixed: FixedPoint, passes: Passes) -> None:
    wanted = fixed.wanted
    total = passes.run(Pass(fixed.running, wanted, wanted[-1] if wanted else None))
    _check_measured(passes)
    fixed.update(total.order, total.moments)


def _done(fixed: FixedPoint, passes: Passes, seconds: float) -> PassDone:
    number, images = len(fixed.moves), passes.measured
    return PassDone(number, fixed.most_passes, len(fixed.order), images, seconds, fixed.moves[-1])


def _check_measured(passes: Passes) -> None:
    """Raise an error if no image was measured."""
    found = passes.found
    if found is None or not found.images:
        raise SourceError(f"no images in {passes.where}; name files to have them opened anyway")
    if not found.measured:
        failures = [(key_text(key), reason) for key, reason in found.failures]
        raise NothingMeasuredError(
            f"none of the {found.images} images in {passes.where} could be measured", failures
        )


def _shift(name: str, stored: Running, found: Pooled, eps: float) -> LayerShift:
    """Return how far the stored statistics of a layer are from those measured."""
    off = np.abs(stored.mean - found.mean) / np.sqrt(found.variance + eps)
    ratio = (stored.var + eps) / (found.unbiased + eps)
    rms = float(np.sqrt(np.mean(off * off)))
    low, high = float(ratio.min()), float(ratio.max())
    return LayerShift(name, len(off), found.n, float(off.max()), rms, low, high)
