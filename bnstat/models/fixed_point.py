"""Running statistics that the model's own activations confirm, pass by pass.

What a layer is given depends on the running statistics of the layers before it, and of no others.
So when the first k layers, in the order of their calls, have the statistics of what they are given,
the next pass finds those of layer k + 1; and of those behind it too, as far as nothing in front of
them has moved. After as many passes as a model is deep, all of them are exact.

Statistics that are nearly right settle in a few passes over all layers. Where they do not, deep
layers move to and fro until their pass comes: then a pass measures only the next few layers, and a
forward pass ends behind them, which takes half the time or less.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bnstat.errors import ModelError
from bnstat.models.layers import Activations, Running, Statistics, statistics
from bnstat.models.passes import Passes
from bnstat.models.probe import Pass
from bnstat.moments import Floats, Pooled
from bnstat.result.running_statistics import LayerShift

# A channel whose variance is below this share of eps is constant, once it is normalized.
_LEAST_SHARE = 1e-3
# Layers that a narrow pass measures. Branches that run side by side are exact at once if they fit
# into it; one more layer costs what it takes to get there.
_NARROW = 4


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


def search(
    activations: Activations,
    passes: Passes,
    tolerance: float,
    at_most: int | None,
    on_pass: Callable[[PassDone], None] | None,
) -> FixedPoint:
    """Make passes until nothing moves by more than a tolerance, or so many.

    Raises SourceError or NothingMeasuredError if there is no image, or none could be measured, and
    ModelError if a layer is given values that are not finite.
    """
    eps = {name: layer.eps for name, layer in activations.layers.items()}
    fixed = FixedPoint(statistics(activations.layers), eps, tolerance, at_most)
    while not fixed.done:
        start = time.perf_counter()
        total = passes.run(Pass(fixed.running, fixed.wanted))
        fixed.update(total.order, total.moments)
        if on_pass is not None:
            number, layers, moved = len(fixed.moves), len(fixed.order), fixed.moves[-1]
            seconds = time.perf_counter() - start
            on_pass(PassDone(number, fixed.most_passes, layers, passes.measured, seconds, moved))
    return fixed


@dataclass
class FixedPoint:
    """How far the running statistics of a model are from those of what its layers are given.

    running, eps: of each layer, by name; `update` replaces the first. tolerance: moves of up to
    this size do not matter. at_most: passes that there may be; None is as many as it takes.
    order: the layers as the model calls them. exact: how many of them, from the first on, have the
    statistics of what they are given. moves: how far any of the layers that a pass measured has
    moved, at most; one figure a pass. moments: what each layer was last given. narrow: whether
    passes measure the next few layers alone.
    """

    running: dict[str, Running]
    eps: Mapping[str, float]
    tolerance: float
    at_most: int | None = None
    order: tuple[str, ...] = ()
    exact: int = 0
    moves: list[float] = field(default_factory=list)
    moments: dict[str, Pooled] = field(default_factory=dict)
    narrow: bool = False

    @property
    def wanted(self) -> tuple[str, ...] | None:
        """The layers to be measured next; None is all, as long as their order is not known."""
        if not self.order:
            return None
        return self.order[self.exact :][: _NARROW if self.narrow else None]

    @property
    def settled(self) -> bool:
        """Whether nothing would move any more, or, in a pass over all layers, nothing did."""
        if not self.moves:
            return False
        return self.exact == len(self.order) or (
            not self.narrow and self.moves[-1] <= self.tolerance
        )

    @property
    def done(self) -> bool:
        return self.settled or len(self.moves) == self.at_most

    @property
    def most_passes(self) -> int:
        left = len(self.moves) + len(self.order) - self.exact
        return left if self.at_most is None else min(left, self.at_most)

    def update(self, order: tuple[str, ...], measured: Mapping[str, Pooled]) -> None:
        """Take what a pass has measured of the wanted layers.

        Raises ModelError if a layer was given samples that are not finite, or a single one.
        """
        self.order = self.order or order
        moved = {name: self._move(name, measured[name]) for name in self.wanted or ()}
        self.moves.append(max(moved.values(), default=0.0))
        for move in moved.values():  # exact now: the next one, and more as long as none moves
            self.exact += 1
            if move != 0.0:
                break
        self.narrow = self.narrow or self._is_slow()

    def _move(self, name: str, measured: Pooled) -> float:
        """Give a layer the statistics that were measured; return how far it has moved."""
        new = Running(measured.mean, measured.unbiased)
        if not (np.isfinite(new.mean).all() and np.isfinite(new.var).all()):
            self._check_speculative(name, measured.n)
            return np.inf
        old, self.running[name], self.moments[name] = self.running[name], new, measured
        return _distance(old, new, measured.variance, self.eps[name])

    def _is_slow(self) -> bool:
        """Whether narrow passes would reach the last layer before all layers have settled."""
        left = len(self.order) - self.exact
        if len(self.moves) < 2 or len(self.moves) + left > (self.at_most or np.inf):
            return False
        before, now = self.moves[-2:]
        if not 0 < now < before < np.inf:
            return True
        # As if moves went on to shrink at this rate; a narrow pass takes half the time.
        passes = math.log(max(self.tolerance, 1e-12) / now) / math.log(now / before)
        return passes > left / 2

    def shifts(self, stored: Statistics) -> tuple[LayerShift, ...]:
        """Return how far stored statistics are from those measured, the farthest layer first.

        Raises ModelError if what a layer was given was never finite.
        """
        for name in self.order:
            if name not in self.moments:
                raise ModelError(
                    f"layer {name} is given NaN or infinite values; with the statistics that the "
                    "layers in front of it have so far"
                )
        shifts = [_shift(n, stored[n], self.moments[n], self.eps[n]) for n in self.order]
        return tuple(sorted(shifts, key=lambda shift: -shift.worst))

    def _check_speculative(self, name: str, n: int) -> None:
        """Raise ModelError, unless wrong statistics in front of the layer may be to blame."""
        if n == 1:
            raise ModelError(
                f"layer {name} is given a single sample of each channel, which has no variance; "
                "measure more images"
            )
        if name == self.order[self.exact]:
            raise ModelError(
                f"layer {name} is given NaN or infinite values; the weights in front of it, or "
                "the images, are to blame"
            )


def _distance(old: Running, new: Running, variance: Floats, eps: float) -> float:
    """Return the largest |Δ mean|/√(σ² + eps), and |Δ log σ²| above what eps hides."""
    means = np.abs(new.mean - old.mean) / np.sqrt(variance + eps)
    old_log, new_log = (
        np.log(np.maximum(running.var, _LEAST_SHARE * eps)) for running in (old, new)
    )
    both = np.concatenate([means, np.abs(old_log - new_log)])
    return float(np.where(np.isnan(both), np.inf, both).max(initial=0.0))


def _shift(name: str, stored: Running, measured: Pooled, eps: float) -> LayerShift:
    """Return how far the stored statistics of a layer are from those measured."""
    off = np.abs(stored.mean - measured.mean) / np.sqrt(measured.variance + eps)
    ratio = (stored.var + eps) / (measured.unbiased + eps)
    rms = float(np.sqrt(np.mean(off * off)))
    low, high = float(ratio.min()), float(ratio.max())
    return LayerShift(name, len(off), measured.n, float(off.max()), rms, low, high)
