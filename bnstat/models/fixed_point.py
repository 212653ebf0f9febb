"""Running statistics that the model's own activations confirm, pass by pass.

What a layer is given depends on the running statistics of the layers before it, and of no others.
So when the first k layers, in the order of their calls, have the statistics of what they are given,
the next pass finds those of layer k + 1; and of those behind it too, as far as nothing in front of
them has moved. After as many passes as a model is deep, all of them are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bnstat.errors import ModelError
from bnstat.models.layers import Running
from bnstat.moments import Floats, Pooled

# A channel whose variance is below this share of eps is constant, once it is normalized.
_LEAST_SHARE = 1e-3


@dataclass
class FixedPoint:
    """How far the running statistics of a model are from those of what its layers are given.

    Attributes
    ----------
    running
        The statistics of each layer, by name; `update` replaces them.
    eps
        Of each layer.
    order
        The layers in the order in which the model calls them.
    exact
        How many of them, from the first on, have the statistics of what they are given.
    """

    running: dict[str, Running]
    eps: Mapping[str, float]
    order: tuple[str, ...] = ()
    exact: int = 0
    moments: dict[str, Pooled] = field(default_factory=dict)

    @property
    def wanted(self) -> tuple[str, ...] | None:
        """The layers that have to be measured; None is all, as long as their order is not known."""
        return self.order[self.exact :] if self.order else None

    @property
    def done(self) -> bool:
        """Whether all layers are exact."""
        return bool(self.order) and self.exact == len(self.order)

    def update(self, order: tuple[str, ...], measured: Mapping[str, Pooled]) -> float:
        """Take the statistics of a pass; return how far any has moved, at most.

        That is the largest |Δ mean|/√(var + eps) and |Δ log var| of any channel.

        Raises
        ------
        ModelError
            If a layer was given samples that are not finite, or a single one.
        """
        self.order = self.order or order
        moved = {}
        for place, name in enumerate(self.order[self.exact :], self.exact):
            found = measured[name]
            new = Running(found.mean, found.unbiased)
            if not (np.isfinite(new.mean).all() and np.isfinite(new.var).all()):
                self._check_speculative(name, place, found.n)
                moved[name] = np.inf
                continue
            moved[name] = distance(self.running[name], new, found.variance, self.eps[name])
            self.running[name], self.moments[name] = new, found
        self._advance(moved)
        return max(moved.values(), default=0.0)

    def finite(self, name: str) -> Pooled:
        """Return what a layer was given.

        Raises
        ------
        ModelError
            If that was never finite.
        """
        if name not in self.moments:
            raise ModelError(
                f"layer {name} is given NaN or infinite values; with the statistics that the "
                "layers in front of it have so far"
            )
        return self.moments[name]

    def _check_speculative(self, name: str, place: int, n: int) -> None:
        """Raise ModelError, unless wrong statistics in front of the layer may be to blame."""
        if n == 1:
            raise ModelError(
                f"layer {name} is given a single sample of each channel, which has no variance; "
                "measure more images"
            )
        if place == self.exact:
            raise ModelError(
                f"layer {name} is given NaN or infinite values; the weights in front of it, or "
                "the images, are to blame"
            )

    def _advance(self, moved: Mapping[str, float]) -> None:
        """Count the layers that are exact now: the next one, and more as long as none moves."""
        while self.exact < len(self.order):
            name = self.order[self.exact]
            self.exact += 1
            if moved[name] != 0.0:
                return


def distance(old: Running, new: Running, variance: Floats, eps: float) -> float:
    """Return the largest |Δ mean|/√(σ² + eps), and |Δ log σ²| above what eps hides."""
    means = np.abs(new.mean - old.mean) / np.sqrt(variance + eps)
    one, other = (np.log(np.maximum(each.var, _LEAST_SHARE * eps)) for each in (old, new))
    both = np.concatenate([means, np.abs(one - other)])
    return float(np.where(np.isnan(both), np.inf, both).max(initial=0.0))
