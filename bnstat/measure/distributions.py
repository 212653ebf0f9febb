"""Records to what a result says of the distribution of their samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bnstat.moments import Ints, Records
from bnstat.result import OrderStatistics
from bnstat.result.packed_histograms import pack
from bnstat.result.quantiles import Distribution, Occurring, added, distribution_figures


def distribution_of(records: Records, percentiles: Sequence[float]) -> dict[str, Any]:
    """Return what a `Stats` holds of a distribution: histogram, percentiles, ends.

    Of samples that are neither 8- nor 16-bit that is their ends, if they are known.
    """
    histogram = records.histogram
    if histogram is None:
        return {"histogram": None, "order_statistics": _ends(records)}
    deep = histogram.shape[1] > 256
    return {
        "histogram": None if deep else tuple(map(tuple, histogram.tolist())),
        **distribution_figures(_occurring(histogram), records.scale, percentiles, deep=deep),
    }


def packed_histogram(records: Records, scale: int) -> str | None:
    """Return which values occur, and how often, in a deeper unit, packed; None as above."""
    histogram = records.histogram
    if histogram is None or (records.scale == 1) != (scale == 1):
        return None
    return pack(added([(records.scale, _occurring(histogram))], scale))


def _occurring(histogram: Ints) -> Distribution:
    places = [np.flatnonzero(counts) for counts in histogram]
    return tuple(
        Occurring(tuple(values.tolist()), tuple(counts[values].tolist()))
        for values, counts in zip(places, histogram, strict=True)
    )


def _ends(records: Records) -> OrderStatistics:
    of_kinds = [records.ends(kind) for kind in records.kinds]
    known = [ends for ends in of_kinds if ends is not None]
    if len(known) < len(of_kinds):
        return OrderStatistics()
    low, high = np.fmin.reduce(known)[:, 0], np.fmax.reduce(known)[:, 1]
    return OrderStatistics(None, tuple(low.tolist()), tuple(high.tolist()))
