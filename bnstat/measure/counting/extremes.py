"""Float samples that stand for no data, though no file says so: extremes far from all others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Larger ones are of no camera, elevation or temperature.
_HUGE = 1e30


@dataclass
class _End:
    """The smallest of values that come in pieces, how often it is there, and the next one above."""

    value: Any = np.inf
    number: int = 0
    next: Any = np.inf

    def add(self, values: NDArray[Any]) -> None:
        lowest = values.min()
        above = np.min(values, where=values > lowest, initial=np.inf)
        number = int((values == lowest).sum())
        if lowest < self.value:
            self.value, self.number, self.next = lowest, number, min(above, self.value)
        elif lowest == self.value:
            self.number, self.next = self.number + number, min(self.next, above)
        else:
            self.next = min(self.next, lowest)

    def is_far(self, other: float) -> bool:
        """Whether it is farther from the next value than that is from the other end."""
        repeated = self.number > 1 and self.next - self.value > other - self.next > 0
        return bool(repeated or abs(self.value) >= _HUGE)


@dataclass
class Extremes:
    """The ends of the float samples of one band."""

    low: _End = field(default_factory=_End)
    high: _End = field(default_factory=_End)  # of the values less than 0

    def add(self, values: NDArray[Any]) -> None:
        """Add samples that count, of any shape."""
        if values.size:
            self.low.add(values)
            self.high.add(-values)

    @property
    def outlier(self) -> str | None:
        """The value that is far from all others, as `--nodata` takes it; None if there is none.

        It is an extreme that is there more than once and farther from the next value than the range
        of all others, or one of a size that nothing measured has.
        """
        if not self.low.number:
            return None
        if self.low.is_far(-self.high.value):
            return str(self.low.value)
        return str(-self.high.value) if self.high.is_far(-self.low.value) else None
