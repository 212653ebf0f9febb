"""How images are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bnstat.estimators import Schedule
from bnstat.scan import Progress

# Where Pillow itself raises: twice the size at which it warns.
MAX_PIXELS = 178_956_970


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What figures depend on, and how the work is done; `compute` describes each."""

    mode: str = "RGB"
    keep_normalize: bool = False
    epochs: int = 1
    batch_size: int = 64
    momentum: float | None = 0.1
    order: str = "shuffled"
    seed: int = 0
    max_pixels: int = MAX_PIXELS
    workers: int | None = None
    fail_fast: bool = False
    progress: Callable[[Progress], None] | None = None

    @property
    def schedule(self) -> Schedule:
        """The schedule that `batchnorm` replays."""
        return Schedule(self.batch_size, self.momentum, self.order, self.seed, self.epochs)
