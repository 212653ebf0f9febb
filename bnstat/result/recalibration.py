"""The values of a recalibration: how far a model's running statistics were from measured ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bnstat.result.inputs import Failure
from bnstat.text import Displayed


@dataclass(frozen=True)
class LayerShift:
    """How far the running statistics that a BatchNorm layer had are from those of its input.

    Attributes
    ----------
    name, channels
        Of the layer.
    samples
        How many of each channel were measured.
    mean, mean_rms
        |Δ mean|/√(σ² + eps): the largest of any channel, and the root mean square; σ² is measured.
    variance_low, variance_high
        (running_var + eps)/(σ² + eps): the least and the largest of any channel; σ² is unbiased.
    """

    name: str
    channels: int
    samples: int
    mean: float
    mean_rms: float
    variance_low: float
    variance_high: float

    @property
    def worst(self) -> float:
        """What layers are sorted by: the largest of |Δ mean|/σ and of r − 1 and 1/r − 1."""
        low = 1 / self.variance_low if self.variance_low > 0 else float("inf")
        return max(self.mean, self.variance_high - 1, low - 1)


@dataclass(frozen=True, repr=False)
class Recalibration(Displayed):
    """What was measured of a model, and how far its running statistics had been from it.

    Attributes
    ----------
    model, weights, output
        As they were named; `output` is None if nothing was written.
    normalization
        What the model's input was normalized with, in a few words.
    images
        How many were measured, each drawn `epochs` times.
    layers
        All layers that the model calls, the farthest first.
    unused
        BatchNorm layers that it does not call; they stay as they are.
    passes
        Over the images.
    moved
        How far any figure moved in the last pass: |Δ mean|/√(σ² + eps) or |Δ log σ²|.
    settled
        Whether the last pass, or the number of passes, shows that nothing would move any more.
    failures
        Images that could not be measured.
    invalid
        Layers whose stored variance was negative, or whose stored figures were not finite.
    """

    model: str
    weights: str | None
    output: str | None
    normalization: str
    images: int
    epochs: int
    layers: tuple[LayerShift, ...]
    unused: tuple[str, ...]
    passes: int
    moved: float
    settled: bool
    failures: tuple[Failure, ...]
    invalid: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"format": "bnstat.recalibration", "version": 1} | asdict(self)
