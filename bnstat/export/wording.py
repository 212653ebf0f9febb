"""Text that goes into files: numbers and names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from ctypes import c_float

from bnstat.stats import Stats
from bnstat.text import printable

_DIGITS_OF_A_FLOAT32 = 9


def shortest(value: float) -> str:
    """Return the shortest decimal text that reads back to the same float32.

    >>> shortest(0.4850000001), shortest(1 / 3)
    ('0.485', '0.33333334')
    """
    wanted = c_float(value).value
    if math.isinf(wanted):
        return repr(value)
    # Digits of the float32, not of `value`: rounded, that may be nearer to the neighbour.
    texts = (f"{wanted:.{digits}g}" for digits in range(1, _DIGITS_OF_A_FLOAT32 + 1))
    return next(text for text in texts if c_float(float(text)).value == wanted)


def vector(values: Sequence[float]) -> str:
    """Return a list of numbers, as Python and most formats write it."""
    return "[" + ", ".join(map(shortest, values)) + "]"


def origin(stats: Stats, method: str) -> str:
    """Say in one line where figures come from: source, number of images, method and date."""
    exact = " (exact)" if method == "two-pass" else ""
    where = _short(printable(" ".join(stats.source.locations)))
    steps = _short(printable(" | ".join(stats.pipeline.transforms)))
    through = f" through {steps}" if steps else ""
    return (
        f"{where}{through}: {stats.source.images:,} images, mode {printable(stats.mode)}, "
        f"{method}{exact}, by bnstat {printable(stats.bnstat)}, {printable(stats.created)}"
    )


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:199] + "…"
