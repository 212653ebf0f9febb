"""How far BatchNorm's running statistics are from exact ones: of schedules, and of a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bnstat.result.inputs import Failure
from bnstat.result.stats import Stats
from bnstat.text import Displayed

THREE_DECIMALS = 0.0005
# Fewer batches an epoch are hardly a schedule: their figures are nearly those of the whole set.
FEWEST_BATCHES = 4


@dataclass(frozen=True)
class Off:
    """How far a running mean or std is from two-pass, in [0, 1], in the worst channel.

    largest: the largest |difference| of all repeats; rms: its root mean square over the repeats;
    expected: the same in theory, over all shuffles.
    """

    largest: float
    rms: float
    expected: float


@dataclass(frozen=True)
class Cell:
    """One schedule of the grid.

    ranks: how many train together, each with batches of this size; synchronized: whether a layer
    sees the batches of all of them at once (SyncBatchNorm), or rank 0's those of its own alone.
    """

    batch_size: int
    momentum: float | None
    order: str
    repeats: int
    batches: int
    start_weight: float
    mean: Off
    std: Off
    ranks: int = 1
    synchronized: bool = False

    @property
    def seen(self) -> str:
        """Of which ranks a layer sees the batches, in words; of a single one there are none."""
        if self.ranks == 1:
            return ""
        return "SyncBatchNorm" if self.synchronized else "rank 0 alone"

    @property
    def largest(self) -> float:
        """How far mean or std was off at most in any repeat."""
        return max(self.mean.largest, self.std.largest)

    @property
    def holds_three_decimals(self) -> bool:
        """Whether mean and std were within 0.0005 in every repeat."""
        return self.largest < THREE_DECIMALS

    def __str__(self) -> str:
        """Return the schedule in words."""
        momentum = "cumulative" if self.momentum is None else f"momentum {self.momentum:g}"
        ranks = f" on {self.ranks} ranks ({self.seen})" if self.seen else ""
        return f"batches of {self.batch_size}{ranks}, {momentum}, {self.order}"


@dataclass(frozen=True, repr=False)
class Sweep(Displayed):
    """The cells of a grid, and what follows; `stats` is the result that they are compared with."""

    cells: tuple[Cell, ...]
    images: int
    stats: Stats

    @property
    def fitting(self) -> tuple[Cell, ...]:
        """The schedules for training that hold three decimals, the best first."""
        return tuple(cell for cell in self._for_training if cell.holds_three_decimals)

    @property
    def _for_training(self) -> list[Cell]:
        """Shuffled schedules of several batches an epoch, the nearest to two-pass first."""
        most = (self.images - 1) // (FEWEST_BATCHES - 1)  # so that there are so many batches
        cells = [c for c in self.cells if c.order == "shuffled" and c.batch_size * c.ranks <= most]
        return sorted(cells, key=lambda cell: cell.largest)

    @property
    def verdict(self) -> str:
        """Which schedule would do for three decimals, in one sentence."""
        for best in self.fitting[:1]:
            return (
                f"For three decimals {best} would do: off by at most {best.largest:.2g} in every "
                "repeat."
            )
        kind = f"shuffled schedule of at least {FEWEST_BATCHES} batches"
        for best in self._for_training[:1]:
            return (
                f"No {kind} holds three decimals here; the nearest, {best}, was off by up to "
                f"{best.largest:.2g}. two-pass is exact."
            )
        return f"No {kind} was tried, and others are not for training. two-pass is exact."

    def to_dict(self) -> dict[str, Any]:
        """Return the sweep for JSON."""
        cells = [
            asdict(cell) | {"momentum": "cumulative" if cell.momentum is None else cell.momentum}
            for cell in self.cells
        ]
        document = {"format": "bnstat.sweep", "version": 1, "images": self.images}
        return document | {"cells": cells, "verdict": self.verdict}


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
