"""Records to figures: what a result says of its samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bnstat import estimators
from bnstat.estimators import Schedule
from bnstat.measure.distributions import distribution_of
from bnstat.measure.found import of_files
from bnstat.measure.groups import GroupNames, NamesOfFiles
from bnstat.moments import Records
from bnstat.result import EXACT, Pipeline, Sample, Selection, Source, Stats, Uncertainty
from bnstat.settings import Settings
from bnstat.sources.frames import FIRST


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
    """Return the time as results have it, in UTC."""
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
