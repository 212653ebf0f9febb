"""What was found in the images, as results."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from bnstat import estimators
from bnstat.errors import NothingMeasuredError, SourceError
from bnstat.estimators import Schedule
from bnstat.images import Sources
from bnstat.images.listing import Listing
from bnstat.moments import Records
from bnstat.pipelines import Draws
from bnstat.scan import Scan, View
from bnstat.settings import Settings
from bnstat.stats import (
    MOST_WARNINGS,
    Failure,
    FileList,
    Pipeline,
    Selection,
    Source,
    Stats,
    Warned,
    Warnings,
    empty_figures,
)
from bnstat.text import key_text

Plans: TypeAlias = tuple[Draws | None, ...]


@dataclass(frozen=True)
class Result:
    """One view of the images: its result, and the records that it came from."""

    stats: Stats
    records: Records


def results(found: Sources, seen: Scan, plans: Plans, settings: Settings) -> list[Result]:
    """Return the result of each view of the images."""
    described = [p for plan in plans for p in _described(plan, settings)]
    return [
        _result(found, seen, view, pipeline, settings)
        for view, pipeline in zip(seen.views, described, strict=True)
    ]


def _described(plan: Draws | None, settings: Settings) -> list[Pipeline]:
    """Return what each view of a plan shows."""
    if plan is None:
        return [Pipeline(None, (), settings["seed"], settings["epochs"])]
    recipe, steps = plan.recipe, plan.recipe.transforms
    seed, epochs = settings["seed"], settings["epochs"]
    whole = Pipeline(recipe.spec, steps, seed, epochs, recipe.before_normalize, plan.warnings)
    ends = range(1, len(steps) + 1) if plan.attribute and steps else [len(steps)]
    return [replace(whole, transforms=steps[:end]) for end in ends]


def _result(
    found: Sources, seen: Scan, view: View, pipeline: Pipeline, settings: Settings
) -> Result:
    if found.shards is None:  # a shard may well be empty, and the others not
        _check_measured(found, seen, view)
    source = _source(found, seen, view)
    return Result(_stats(view.records, source, pipeline, settings), view.records)


def _check_measured(found: Sources, seen: Scan, view: View) -> None:
    where = " ".join(found.locations)
    if seen.images == 0:
        beside = f" ({found.skipped} files of other kinds)" if found.skipped else ""
        raise SourceError(f"no images in {where}{beside}; name files to have them opened anyway")
    if len(view.records) == 0:
        failures = [(key_text(key), reason) for key, reason in view.failures]
        raise NothingMeasuredError(
            f"none of the {seen.images} images in {where} could be measured", failures
        )


def _source(found: Sources, seen: Scan, view: View) -> Source:
    listed = found.listing
    return Source(
        locations=found.locations,
        cwd=key_text(os.getcwdb()),
        images=seen.images - len(view.failures),
        skipped=found.skipped,
        duplicates=found.duplicates,
        deeper_than_8_bits=len(view.deep),
        failures=tuple(Failure(key_text(key), reason) for key, reason in view.failures),
        warnings=_warnings(view),
        fingerprint=f"{seen.fingerprint:064x}",
        files_from=_file_list(listed) if listed else None,
        shards=found.shards,
    )


def _warnings(view: View) -> Warnings:
    """Return how many images Pillow warned of, and what it said of the first."""
    said = dict(sorted(view.warnings, reverse=True))  # of each image the first
    first = [Warned(key_text(key), said[key]) for key in sorted(said)[:MOST_WARNINGS]]
    return Warnings(len(said), tuple(first))


def _stats(records: Records, source: Source, pipeline: Pipeline, settings: Settings) -> Stats:
    return Stats(
        source=source,
        pipeline=pipeline,
        mode=settings["mode"],
        selection=Selection(excluded=(0,) * len(records.channels)) if len(records) else Selection(),
        created=now(),
        **(_figures(records, _schedule(settings)) if len(records) else empty_figures()),
    )


def now() -> str:
    """Return the time as results have it, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _figures(records: Records, schedule: Schedule) -> dict[str, Any]:
    total = records.total()
    histogram = records.histogram
    methods, reasons = estimators.every_method(records, schedule)
    return {
        "channels": records.channels,
        "scale": records.scale,
        "count": records.count,
        "sum": total.sum if total else None,
        "sum_of_squares": total.sum_of_squares if total else None,
        "histogram": tuple(map(tuple, histogram)) if histogram else None,
        "methods": methods,
        "conventions": estimators.conventions(records),
        "reasons": reasons,
    }


def _schedule(settings: Settings) -> Schedule:
    """Return the schedule that `batchnorm` replays."""
    return Schedule(
        settings["batch_size"],
        settings["momentum"],
        settings["order"],
        settings["seed"],
        settings["epochs"],
    )


def _file_list(listing: Listing) -> FileList:
    root = None if listing.root is None else key_text(os.fsencode(listing.root))
    return FileList(listing.null, root, listing.can_be_read_again)
