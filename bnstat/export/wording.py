"""Text that goes into files: numbers and names."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from bnstat.stats import Stats

_DIGITS_OF_A_FLOAT32 = 9


def shortest(value: float) -> str:
    """Return the shortest decimal text that reads back to the same float32.

    >>> shortest(0.4850000001), shortest(1 / 3)
    ('0.485', '0.33333333')
    """
    try:
        wanted = struct.pack("f", value)
    except OverflowError:
        return repr(value)
    texts = (f"{value:.{digits}g}" for digits in range(1, _DIGITS_OF_A_FLOAT32 + 1))
    return next(text for text in texts if struct.pack("f", float(text)) == wanted)


def vector(values: Sequence[float]) -> str:
    """Return a list of numbers, as Python and most formats write it."""
    return "[" + ", ".join(map(shortest, values)) + "]"


def printable(text: str) -> str:
    r"""Return text on one line: what is not printable, line ends too, as escapes.

    >>> printable("a\nimport os")
    'a\\nimport os'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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
