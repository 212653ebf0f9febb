"""The figures of images under one label, as values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bnstat.result.estimates import Floats


@dataclass(frozen=True)
class Group:
    """The figures of the images under one label; the sums are None for float samples."""

    images: int
    count: tuple[int, ...]
    sum: tuple[int, ...] | None
    sum_of_squares: tuple[int, ...] | None
    mean: Floats
    var: Floats

    @property
    def std(self) -> Floats:
        """The square root of `var`."""
        return tuple(math.sqrt(v) for v in self.var)
