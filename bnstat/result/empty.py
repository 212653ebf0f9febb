"""The figures of a result in which nothing was measured, as in a shard without images."""

from __future__ import annotations

from typing import Any

from bnstat.result.methods import METHODS


def empty_figures() -> dict[str, Any]:
    """Return the figures of a `Stats` of no image: no channels, and no method has an estimate.

    Adding its sums and its histogram to those of other results changes nothing.
    """
    return {
        "channels": (),
        "scale": 255,
        "count": (),
        "sum": (),
        "sum_of_squares": (),
        "histogram": (),
        "methods": dict.fromkeys(METHODS),
        "conventions": {},
        "reasons": dict.fromkeys(METHODS, "no image was measured"),
    }
