"""How images are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bnstat.engines import ENGINES, is_engine
from bnstat.estimators import Schedule
from bnstat.scan import Progress

# Where Pillow itself raises: twice the size at which it warns.
MAX_PIXELS = 178_956_970
LONGEST = 1e6  # seconds; timers of the system take no more than about 10^8
MODES = ("RGB", "L", "RGBA", "native")
ORDERS = ("shuffled", "listed")


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
    max_bytes: int | None = None
    timeout: float | None = None
    workers: int | None = None
    engine: str = "processes"
    fail_fast: bool = False
    progress: Callable[[Progress], None] | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning: a ValueError that names the option."""
        for name in ("epochs", "batch_size", "max_pixels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, is {getattr(self, name)}")
        for name in ("workers", "max_bytes"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, is {getattr(self, name)}")
        if self.timeout is not None and not 0.0 < self.timeout <= LONGEST:
            raise ValueError(f"timeout must be in (0, {LONGEST:g}] seconds, is {self.timeout}")
        if not is_engine(self.engine):
            raise ValueError(f"engine must be {ENGINES}, is {self.engine!r}")
        if self.momentum is not None and not 0.0 < self.momentum <= 1.0:
            raise ValueError(f"momentum must be in (0, 1] or None, is {self.momentum}")
        for name, known in (("mode", MODES), ("order", ORDERS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {known}, is {getattr(self, name)!r}")

    @property
    def schedule(self) -> Schedule:
        """The schedule that `batchnorm` replays."""
        return Schedule(self.batch_size, self.momentum, self.order, self.seed, self.epochs)
