"""The values of a sweep: how far BatchNorm is from two-pass under many schedules."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bnstat.stats.stats import Stats

THREE_DECIMALS = 0.0005


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
    """One schedule of the grid."""

    batch_size: int
    momentum: float | None
    order: str
    repeats: int
    batches: int
    start_weight: float
    mean: Off
    std: Off

    @property
    def holds_three_decimals(self) -> bool:
        """Whether mean and std were within 0.0005 in every repeat."""
        return max(self.mean.largest, self.std.largest) < THREE_DECIMALS

    def __str__(self) -> str:
        """Return the schedule in words."""
        momentum = "cumulative" if self.momentum is None else f"momentum {self.momentum:g}"
        return f"batches of {self.batch_size}, {momentum}, {self.order}"


@dataclass(frozen=True)
class Sweep:
    """The cells of a grid, and what follows; `stats` is the result that they are compared with."""

    cells: tuple[Cell, ...]
    images: int
    stats: Stats

    @property
    def verdict(self) -> str:
        """Which schedule would do for three decimals, in one sentence."""
        fit = [cell for cell in self.cells if cell.holds_three_decimals]
        worst = {id(c): max(c.mean.largest, c.std.largest) for c in self.cells}
        best = min(fit or self.cells, key=lambda cell: worst[id(cell)])
        off = f"{worst[id(best)]:.2g}"
        if fit:
            return f"For three decimals {best} would do: off by at most {off} in every repeat."
        return (
            f"None of these schedules holds three decimals; the nearest, {best}, "
            f"was off by up to {off}. two-pass is exact."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the sweep for JSON."""
        cells = [
            asdict(cell) | {"momentum": "cumulative" if cell.momentum is None else cell.momentum}
            for cell in self.cells
        ]
        document = {"format": "bnstat.sweep", "version": 1, "images": self.images}
        return document | {"cells": cells, "verdict": self.verdict}
