"""The figures of a result in which nothing was measured, as in a shard without images."""

from __future__ import annotations

from typing import Any


def no_figures() -> dict[str, Any]:
    """Return what a `Stats` holds instead of figures: nothing, one a channel of none.

    Its sums and its histogram are what adding it to other results changes nothing by.
    """
    methods = ("two-pass", "welford", "batchnorm")
    return {
        "channels": (),
        "scale": 255,
        "count": (),
        "sum": (),
        "sum_of_squares": (),
        "histogram": (),
        "methods": dict.fromkeys(methods),
        "conventions": {},
        "reasons": dict.fromkeys(methods, "no image was measured"),
    }
