"""Records to results: the figures, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from bnstat import estimators
from bnstat.errors import MeasureError, NothingMeasuredError, SourceError
from bnstat.measure.figures import figures, found_of, groups, now, uncertainty
from bnstat.measure.found import Scan, View, of_files
from bnstat.measure.groups import GroupNames, ItemNames
from bnstat.measure.input_warnings import found_warnings
from bnstat.measure.plan import Plan
from bnstat.measure.provenance import sample_of, selection_of, source_of
from bnstat.measure.rows import ungrouped
from bnstat.measure.texts_by_key import Failures
from bnstat.moments import HashesByKey, Records
from bnstat.result import PairedMargins, Pipeline, Stats, empty_figures
from bnstat.result.input_warnings import unanswered
from bnstat.result.tables import RecordTable
from bnstat.sources.naming import none_found
from bnstat.sources.reference import FIRST
from bnstat.sources.sources import Sources

# Of fewer images, none is named after a scan.
_MANY = 100


@dataclass(frozen=True)
class Outcome:
    """One view of the images: its result, and what it was made from.

    stats: the result; view: the records and failures; names: of the groups, or None; thumbnails:
    records of the plain images, where one random draw of each was measured, or None; hashes: of the
    images, where asked for.
    """

    stats: Stats
    view: View
    names: GroupNames | None = None
    thumbnails: Records | None = None
    hashes: HashesByKey = field(default_factory=HashesByKey)

    @property
    def records(self) -> Records:
        return self.view.records

    def paired_with(self, baseline: Outcome, confidence: float) -> PairedMargins | None:
        """Return how sure the differences are from an outcome of the same scan; None if unknown.

        confidence: of the margins, in percent.
        """
        if self.records.channels != baseline.records.channels:
            return None
        random = self.stats.draws_at_random or baseline.stats.draws_at_random
        plain = self.thumbnails if baseline.stats.draws_at_random else baseline.records
        records, others = baseline.records, self.records
        if self.stats.source.frames != FIRST:
            records, others = of_files(records), of_files(others)
            plain = plain and of_files(plain)
        return estimators.paired_margins(
            records,
            others,
            found_of(others, self.stats.sample),
            random=random,
            confidence=confidence / 100,
            controls=plain,
            baseline_is_fixed=not baseline.stats.draws_at_random,
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


def outcomes(sources: Sources, scan: Scan, plan: Plan) -> list[Outcome]:
    """Return the outcome of each view of the images; a plan has one view or several.

    Raises SourceError if there is no image. Raises NothingMeasuredError if no image could be
    measured.
    """
    members = scan.views[0].memberships
    groups, clusters = plan.groups, plan.clusters
    if isinstance(groups, ItemNames):
        groups = ItemNames({key: str(member.group) for key, member in members.items()})
    if isinstance(clusters, ItemNames):
        clusters = ItemNames({key: str(member.cluster) for key, member in members.items()})
    run = _Run(sources, scan, plan, groups, clusters)
    views = zip(scan.views, plan.pipelines, strict=False)  # the controls have no outcome
    return [run.outcome(view, pipeline) for view, pipeline in views]


@dataclass(frozen=True)
class _Run:
    """What the views of the images have in common."""

    sources: Sources
    scan: Scan
    plan: Plan
    names: GroupNames | None
    clusters: GroupNames | None

    def outcome(self, view: View, pipeline: Pipeline) -> Outcome:
        if self.sources.shards is None:  # a shard may be empty where the others are not
            _check_measured(self.sources, self.scan, view)
        controls = self.scan.views[-1].records if self.plan.controls else None
        settings = self.plan.settings
        stats = Stats(
            source=source_of(self.sources, self.scan, view, self.plan),
            pipeline=pipeline,
            mode=settings["mode"],
            max_value=settings["max_value"],
            unscale=settings["unscale"],
            selection=selection_of(self.plan, view),
            sample=sample_of(self.sources, self.scan),
            summary=self.scan.summary,
            created=now(),
            **self._figures(view, pipeline, controls),
        )
        warnings = (*stats.shown_warnings(), *found_warnings(view, stats, self.plan))
        stats = replace(
            stats,
            told_warnings=unanswered(warnings, self.plan.given),
            known_outliers=self._known_outliers(view, pipeline),
        )
        return Outcome(stats, view, self.names, controls, self.scan.hashes)

    def _figures(self, view: View, pipeline: Pipeline, controls: Records | None) -> dict[str, Any]:
        """Return the figures of a result: nothing where no sample counts."""
        records, settings = view.records, self.plan.settings
        if not (len(records) and any(records.count)):
            return empty_figures()
        percentiles, sample = settings["percentiles"], sample_of(self.sources, self.scan)
        random = self.plan.is_random(pipeline)
        known = figures(records, self.plan.schedule, percentiles)
        known["uncertainty"] = uncertainty(
            records, sample, random, settings, self.clusters, controls
        )
        if self.names is not None:
            known["groups"] = groups(records, self.names, view.by_group, percentiles)
        return known

    def _known_outliers(self, view: View, pipeline: Pipeline) -> int:
        """Return how many images of a whole, plain set are outliers; of few, one looks oneself.

        Items in memory are counted so fast that it would take more than a hundredth of that.
        """
        records, files = view.records, self.sources.dataset is None
        plain = files and pipeline.spec is None and self.names is None
        if not plain or records.draws > 1 or records.selected or len(records) < _MANY:
            return 0
        from bnstat.estimators.outliers import known_outliers

        return known_outliers(records)


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
        message = f"none of the {scan.images} images in {where} could be measured"
        raise NothingMeasuredError(message, Failures(view.failures), len(view.failures))
    _check_counted(view.records)


def _check_counted(records: Records) -> None:
    """Raise MeasureError if a selection leaves nothing of a channel: it has no mean."""
    empty = [c for c, n in zip(records.channels, records.count, strict=True) if n == 0]
    if empty:
        raise MeasureError(
            f"no sample of channel {', '.join(empty)} counts: the selection leaves out all of them"
        )
