"""Records to results: the figures, and where they come from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from bnstat import estimators
from bnstat.errors import MeasureError, NothingMeasuredError, SourceError
from bnstat.estimators import Schedule
from bnstat.measure.found import Scan, View
from bnstat.measure.groups import GroupNames, groups
from bnstat.measure.input_warnings import found_warnings
from bnstat.measure.plan import Plan
from bnstat.measure.rows import ungrouped
from bnstat.moments import Records
from bnstat.result import (
    EXACT,
    Failure,
    FileList,
    FloatImages,
    PairedMargins,
    Pipeline,
    Sample,
    Selection,
    Source,
    Stats,
    Uncertainty,
    Warned,
    Warnings,
    empty_figures,
)
from bnstat.result.input_warnings import unanswered
from bnstat.result.quantiles import Distribution, Occurring, distribution_figures
from bnstat.result.tables import RecordTable
from bnstat.settings import Settings
from bnstat.sources.listing import Listing
from bnstat.sources.opening import none_found
from bnstat.sources.sources import Sources
from bnstat.text import key_text, without_credentials


@dataclass(frozen=True)
class Outcome:
    """One view of the images: its result, and what it was made from.

    stats: the result; view: the records and failures; names: of the groups, or None.
    """

    stats: Stats
    view: View
    names: GroupNames | None = None

    @property
    def records(self) -> Records:
        """The records that the result was made from."""
        return self.view.records

    def paired_with(self, baseline: Outcome, confidence: float) -> PairedMargins | None:
        """Return how sure the differences are from an outcome of the same scan; None if unknown.

        confidence: of the margins, in percent.
        """
        if self.records.channels != baseline.records.channels:
            return None
        random = self.stats.draws_at_random or baseline.stats.draws_at_random
        found = _found(self.records, self.stats.sample)
        return estimators.paired_margins(
            baseline.records, self.records, found, random=random, confidence=confidence / 100
        )

    def table(self) -> RecordTable | None:
        """Return all records as one table; None where there is none."""
        batches = list(self.tables()[0])
        return RecordTable.joined(batches) if batches else None

    def tables(self) -> tuple[Iterator[RecordTable], tuple[str, ...], dict[str, Any]]:
        """Return the rows of all records in batches, the channels, and what they are of."""
        batches, channels = self.view.record_tables(self.names or ungrouped)
        stats = self.stats
        header = {
            "bnstat": stats.bnstat,
            "created": stats.created,
            "locations": stats.source.locations,
            "cwd": stats.source.cwd,
            "mode": stats.mode,
            "channels": channels,
            "pipeline": stats.pipeline.transforms,
            "seed": stats.pipeline.seed,
            "epochs": stats.pipeline.epochs,
        }
        return batches, channels, header


def outcomes(
    sources: Sources,
    scan: Scan,
    plan: Plan,
    names: GroupNames | None = None,
    clusters: GroupNames | None = None,
) -> list[Outcome]:
    """Return the outcome of each view of the images; a plan has one view or several.

    With `names`, a result has the figures of each group; `clusters` are of images that are alike.

    Raises
    ------
    SourceError
        If there is no image.
    NothingMeasuredError
        If no image could be measured.
    """
    controls = scan.views[-1].records if plan.controls else None
    views = scan.views[: len(plan.pipelines)]
    return [
        _outcome(sources, scan, view, pipeline, plan, names, clusters, controls)
        for view, pipeline in zip(views, plan.pipelines, strict=True)
    ]


def _outcome(
    sources: Sources,
    scan: Scan,
    view: View,
    pipeline: Pipeline,
    plan: Plan,
    names: GroupNames | None,
    clusters: GroupNames | None,
    controls: Records | None,
) -> Outcome:
    if sources.shards is None:  # a shard may be empty where the others are not
        _check_measured(sources, scan, view)
    source, sample = _source(sources, scan, view, plan), _sample(sources, scan)
    stats = _stats(view, source, sample, pipeline, plan, clusters, controls)
    if names is not None and any(stats.count):
        stats = replace(stats, groups=groups(view.records, names))
    warnings = (*stats.shown_warnings(), *found_warnings(view, stats, plan))
    stats = replace(stats, told_warnings=unanswered(warnings, plan.given))
    return Outcome(stats, view, names)


def _check_measured(sources: Sources, scan: Scan, view: View) -> None:
    where = " ".join(sources.locations)
    if scan.images == 0 and sources.globs:
        raise SourceError(f"--include and --exclude leave no image of {where}")
    if scan.images == 0:
        listed = sources.listing is not None
        raise SourceError(
            none_found(sources.locations, sources.others, sources.skipped, listed=listed)
        )
    if len(view.records) == 0:
        failures = [(key_text(key), reason) for key, reason in view.failures]
        message = f"none of the {scan.images} images in {where} could be measured"
        raise NothingMeasuredError(message, failures, len(view.failures))
    _check_counted(view.records)


def _check_counted(records: Records) -> None:
    """Raise MeasureError if a selection leaves nothing of a channel: it has no mean."""
    empty = [c for c, n in zip(records.channels, records.count, strict=True) if n == 0]
    if empty:
        raise MeasureError(
            f"no sample of channel {', '.join(empty)} counts: the selection leaves out all of them"
        )


def _sample(sources: Sources, scan: Scan) -> Sample | None:
    """Return which of the images found were to be measured; None where all were."""
    asked = sources.sampling
    if asked is None:
        return None
    return Sample(scan.images, sources.population.found, asked.asked, asked.seed)


def _uncertainty(
    records: Records,
    sample: Sample | None,
    random: bool,
    settings: Settings,
    clusters: GroupNames | None,
    controls: Records | None,
) -> Uncertainty | None:
    """Return how sure the figures are, with what margins of merged results follow from."""
    sure = estimators.uncertainty(
        records,
        _found(records, sample),
        random=random,
        confidence=settings["confidence"] / 100,
        controls=controls,
        clusters=clusters,
    )
    if sure is None or clusters is not None:
        return sure and replace(sure, cluster=settings["cluster"])
    if random and records.draws == 1:
        return sure  # controls do not merge
    return replace(sure, sums=estimators.image_sums(records))


def _found(records: Records, sample: Sample | None) -> int:
    """Return how many images there are; of a whole set, those that failed are not among them."""
    sampled = sample is not None and sample.images < sample.of
    return sample.of if sample is not None and sampled else len(records)


def _selection(plan: Plan, view: View) -> Selection:
    """Return which pixels counted in a view, and how many did not."""
    asked, settings = plan.conditions, plan.settings
    rule, nodata = asked.masks, settings["nodata"]
    return Selection(
        alpha=asked.alpha,
        nodata=None if nodata is None else str(nodata),
        masks=settings["masks"] and without_credentials(settings["masks"]),
        mask_values=rule.values if rule else None,
        mask_ignore=rule.ignore if rule else None,
        exclude_fill=asked.exclude_fill,
        excluded=view.records.excluded_count if len(view.records) else (),
        empty=view.records.empty if asked.excludes else 0,
        transparent=len(view.transparent),
    )


def _source(sources: Sources, scan: Scan, view: View, plan: Plan) -> Source:
    listed = sources.listing
    failures = tuple(Failure(key_text(key), reason) for key, reason in view.failures)
    return Source(
        locations=sources.locations,
        cwd=key_text(os.getcwdb()),
        images=scan.images - len(view.failures),
        skipped=sources.skipped,
        duplicates=sources.duplicates,
        deeper_than_8_bits=len(view.deep),
        failures=failures,
        service_folders=tuple(sorted(sources.service_folders.items())),
        floats=_floats(view.records),
        replaced=sources.replaced,
        not_replaced=sources.not_replaced,
        unnamed_failures=len(view.failures) - len(failures),
        warnings=_warnings(view),
        fingerprint=f"{scan.fingerprint:064x}",
        files_from=_file_list(listed) if listed else None,
        shards=sources.shards,
        include=tuple(sources.globs.include) or None,
        exclude=tuple(sources.globs.exclude) or None,
        column=sources.column,
        files_column=listed.column if listed else None,
        where=(tuple(listed.where) or None) if listed else None,
        unfollowed_links=tuple(map(key_text, sources.unfollowed)),
        dataset=sources.dataset,
        array=plan.settings["array"],
        layout=plan.settings["layout"],
    )


def _floats(records: Records) -> FloatImages | None:
    """Return how many images have float samples beyond [0, 1], beside images of integers.

    Samples in [0, 1] have a variance of mean · (1 - mean) at most.
    """
    kinds = list(records.by_kind())
    if all(kind.integral for kind, _, _ in kinds) or not any(k.integral for k, _, _ in kinds):
        return None
    beyond: list[bytes] = []
    for kind, keys, table in kinds:
        if not kind.integral:
            mean, var = table.sum_or_mean, table.sumsq_or_m2 / np.maximum(table.n, 1)
            outside = (mean < 0) | (mean > 1) | (var > mean * (1 - mean) + 1e-9)
            rows = outside.any(axis=1).reshape(len(keys), -1).any(axis=1)
            beyond += keys.take(np.flatnonzero(rows).tolist())
    return FloatImages(len(beyond), key_text(min(beyond))) if beyond else None


def _warnings(view: View) -> Warnings:
    """Return how many images Pillow warned of, and the warnings of the first images by key."""
    first = tuple(Warned(key_text(key), text) for key, text in view.warnings)
    return Warnings(len(view.warnings), first)


def _stats(
    view: View,
    source: Source,
    sample: Sample | None,
    pipeline: Pipeline,
    plan: Plan,
    clusters: GroupNames | None,
    controls: Records | None,
) -> Stats:
    records, settings = view.records, plan.settings
    measured = len(records) and any(records.count)
    return Stats(
        source=source,
        pipeline=pipeline,
        mode=settings["mode"],
        selection=_selection(plan, view),
        sample=sample,
        uncertainty=_uncertainty(
            records, sample, plan.is_random(pipeline), settings, clusters, controls
        )
        if measured
        else None,
        created=now(),
        **(
            _figures(records, _schedule(plan), settings["percentiles"])
            if measured
            else empty_figures()
        ),
    )


def stats_of_batches(
    records: Records, schedule: Schedule | None, source: Source, settings: Settings
) -> Stats:
    """Return the result of batches that came one after the other; nothing drew them here.

    Without a schedule nobody knows in which order they came, and `batchnorm` is null.
    """
    figures = _figures(records, schedule or Schedule(), settings["percentiles"])
    if schedule is None:
        reason = "the batches of several accumulators came in no common order"
        figures["methods"]["batchnorm"] = None
        figures["reasons"]["batchnorm"] = reason
    return Stats(
        source=source,
        pipeline=Pipeline(None, (), 0, 1),
        mode=max(records.modes, key=records.modes.__getitem__),
        uncertainty=_uncertainty(records, None, False, settings, None, None),
        selection=Selection(excluded=records.excluded_count, empty=records.empty),
        created=now(),
        **figures,
    )


def now() -> str:
    """Return the time as results have it, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _figures(records: Records, schedule: Schedule, percentiles: Sequence[float]) -> dict[str, Any]:
    total, scale, distribution = records.total(), records.scale, _distribution(records)
    methods, reasons = estimators.every_method(records, schedule)
    exact = methods[EXACT]
    return {
        "channels": records.channels,
        "scale": scale,
        "count": records.count,
        "sum": total.sum if total else None,
        "sum_of_squares": total.sum_of_squares if total else None,
        "histogram": _histogram(records) if scale == 255 else None,
        **distribution_figures(distribution, scale, percentiles),
        "pooled": exact and estimators.over_channels(records.count, exact, total),
        "methods": methods,
        "conventions": estimators.conventions(records),
        "reasons": reasons,
    }


def _histogram(records: Records) -> tuple[tuple[int, ...], ...] | None:
    histogram = records.histogram
    return None if histogram is None else tuple(map(tuple, histogram.tolist()))


def _distribution(records: Records) -> Distribution | None:
    """Return which values occur in each channel; None of other than 8 and 16 bits."""
    histogram = records.histogram
    if histogram is None:
        return None
    places = [np.flatnonzero(counts) for counts in histogram]
    return tuple(
        Occurring(tuple(values.tolist()), tuple(counts[values].tolist()))
        for values, counts in zip(places, histogram, strict=True)
    )


def _schedule(plan: Plan) -> Schedule:
    """Return the schedule that `batchnorm` replays."""
    settings = plan.settings
    return Schedule(
        settings["batch_size"],
        settings["momentum"],
        settings["order"],
        settings["seed"],
        1 if plan.several_passes else settings["epochs"],  # whose draws are records of their own
    )


def _file_list(listing: Listing) -> FileList:
    root = None if listing.root is None else key_text(os.fsencode(listing.root))
    return FileList(listing.null, root, listing.can_be_read_again)
