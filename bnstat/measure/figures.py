"""Records to figures: what a result says of its samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bnstat import estimators
from bnstat.estimators import Schedule, two_pass
from bnstat.measure.found import of_files
from bnstat.measure.groups import GroupHistograms, GroupNames, NamesOfFiles
from bnstat.moments import Ints, Records
from bnstat.result import (
    EXACT,
    Group,
    OrderStatistics,
    Pipeline,
    Sample,
    Selection,
    Source,
    Stats,
    Uncertainty,
)
from bnstat.result.distribution import Distribution, Occurring, added, distribution_figures, pack
from bnstat.settings import Settings
from bnstat.sources.reference import FIRST


def stats_of_batches(
    records: Records, schedule: Schedule | None, source: Source, settings: Settings
) -> Stats:
    """Return the result of batches that came one after the other; nothing drew them here.

    Without a schedule nobody knows in which order they came, and `batchnorm` is null.
    """
    made = figures(records, schedule or Schedule(), settings["percentiles"])
    if schedule is None:
        reason = "the batches of several accumulators came in no common order"
        made["methods"]["batchnorm"] = None
        made["reasons"]["batchnorm"] = reason
    return Stats(
        source=source,
        pipeline=Pipeline(None, (), 0, 1),
        mode=max(records.modes, key=records.modes.__getitem__),
        uncertainty=uncertainty(records, None, False, settings, None, None),
        selection=Selection(excluded=records.excluded_count, empty=records.empty),
        created=now(),
        **made,
    )


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def figures(records: Records, schedule: Schedule, percentiles: Sequence[float]) -> dict[str, Any]:
    """Return what a `Stats` holds of its samples: sums, methods, quantiles, conventions."""
    total = records.total()
    methods, reasons = estimators.every_method(records, schedule)
    exact = methods[EXACT]
    return {
        "channels": records.channels,
        "scale": records.scale,
        "count": records.count,
        "sum": total.sum if total else None,
        "sum_of_squares": total.sum_of_squares if total else None,
        **distribution_of(records, percentiles),
        "pooled": exact and estimators.over_channels(records.count, exact, total),
        "methods": methods,
        "conventions": estimators.conventions(records),
        "reasons": reasons,
    }


def uncertainty(
    records: Records,
    sample: Sample | None,
    random: bool,
    settings: Settings,
    clusters: GroupNames | None,
    controls: Records | None,
) -> Uncertainty | None:
    """Return how sure the figures are, with what margins of merged results follow from.

    Frames of a file are alike: the file is what varies.
    """
    if settings["frames"] != FIRST:
        records, controls = of_files(records), controls and of_files(controls)
        if isinstance(clusters, NamesOfFiles):
            clusters = clusters.names
    sure = estimators.uncertainty(
        records,
        found_of(records, sample),
        random=random,
        confidence=settings["confidence"] / 100,
        controls=controls,
        clusters=clusters,
    )
    if sure is None:
        return None
    sure = replace(sure, sketch=estimators.sketch(records))
    if clusters is not None:
        return replace(sure, cluster=_as_typed(settings["cluster"]))
    if random and records.draws == 1:
        return sure  # controls do not merge
    return replace(sure, sums=estimators.image_sums(records))


def _as_typed(cluster: Any) -> str:
    return "function" if callable(cluster) else str(cluster)


def found_of(records: Records, sample: Sample | None) -> int:
    """Return how many images there are; of a whole set, those that failed are not among them."""
    sampled = sample is not None and sample.images < sample.of
    return sample.of if sample is not None and sampled else len(records)


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


def groups(
    records: Records,
    name_of: Callable[[bytes], str],
    histograms: GroupHistograms | None = None,
    percentiles: Sequence[float] = (),
) -> dict[str, Group]:
    """Return the figures of each group by its name; of those with any samples.

    The sums of all groups are in the unit of the whole, so that they add up to its sums. Without
    histograms there are no percentiles.
    """
    shares = {name: share for name, share in records.split(name_of).items() if all(share.count)}
    found = {}
    for name in sorted(shares):
        share = shares.pop(name)
        if histograms is not None:
            share.set_histograms(histograms.of_group(name))
        found[name] = _group(share, records.scale, percentiles)
    return found


def _group(records: Records, scale: int, percentiles: Sequence[float]) -> Group:
    sums, known = records.total(), distribution_of(records, percentiles)
    total = sums.at(scale) if sums and (sums.scale == 1) == (scale == 1) else None
    return Group(
        images=len(records),
        count=records.count,
        sum=total.sum if total else None,
        sum_of_squares=total.sum_of_squares if total else None,
        exact=two_pass(records),
        order_statistics=known["order_statistics"],
        packed_histogram=packed_histogram(records, scale),
    )
