"""Images to records and results, plain and through pipelines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from bnstat import augment as pipelines
from bnstat.augment import Draws, Spec
from bnstat.decode.modes import BANDS
from bnstat.decode.raster import check_rasterio
from bnstat.decode.selection import conditions
from bnstat.engines import InlineEngine, open_engine
from bnstat.errors import JournalError, MeasureError
from bnstat.measure.adaptive_sampling import StoppingRule
from bnstat.measure.found import Scan
from bnstat.measure.groups import group_names
from bnstat.measure.journaling import open_journal
from bnstat.measure.measure import Measure
from bnstat.measure.outcomes import Outcome, Plans, outcomes, pipelines_of
from bnstat.measure.preloads import preloads
from bnstat.measure.scan import scan
from bnstat.settings import MeasureSettings, Settings
from bnstat.sources.opening import limits_of
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources

if TYPE_CHECKING:  # it needs sqlite3, which most runs do not
    from bnstat.journal import Journal


def measure(
    sources: Sources,
    augments: Sequence[Spec | None],
    settings: Settings,
    *,
    attribute: bool = False,
    journal: str | os.PathLike[str] | None = None,
    describe: bool = False,
) -> list[Outcome]:
    """Measure images plain (None) and through pipelines, from one decode.

    With `attribute`, a pipeline has an outcome after each of its transforms. `journal` is the file
    that remembers what was measured. With `describe`, outcomes can tell all records.

    Raises
    ------
    JournalError
        If the journal cannot be used, or has failed in mid-run; then with the result.
    """
    if settings["mode"] == BANDS:
        _check_bands(augments, settings, journal=journal is not None)
    plans = plan_views(augments, settings, attribute=attribute)
    names = group_names(settings["by"], sources)
    if settings["until"] is not None:
        rule = _stopping_rule(sources, plans, settings)
        images = names.checked(rule.images()) if names else rule.images()
        scanned = scan_images(images, plans, settings, stop=rule, describe=describe)
        return outcomes(sources, scanned, plans, settings, names)
    images = names.checked(sources) if names else sources
    total = count_beside(sources) if settings["progress"] else lambda: None
    with open_journal(journal, sources, plans, settings) as opened:
        scanned = scan_images(
            images, plans, settings, journal=opened, total=total, describe=describe
        )
    measured = outcomes(sources, scanned, plans, settings, names)
    if opened is not None and opened.failure is not None:
        raise JournalError(opened.failure, measured[0].stats)
    return measured


def _stopping_rule(sources: Sources, plans: Plans, settings: Settings) -> StoppingRule:
    """Return what ends a growing sample: margins within `until`."""
    assert settings["until"] is not None
    random = [p.is_random for plan in plans for p in pipelines_of(plan, settings)]
    confidence = settings["confidence"] / 100
    return StoppingRule(sources.population, random, settings["until"], confidence)


def plan_views(
    augments: Sequence[Spec | None], settings: Settings, *, attribute: bool = False
) -> Plans:
    """Return what is to be measured of each image: the image itself (None), or a pipeline's draws.

    Raises
    ------
    SpecError
        If a pipeline has no meaning, or cannot be made.
    """
    return tuple(_plan(augment, settings, attribute) for augment in augments)


def _plan(augment: Spec | None, settings: Settings, attribute: bool) -> Draws | None:
    if augment is None:
        return None
    recipe = pipelines.read(augment, keep_normalize=settings["keep_normalize"])
    warned = recipe.check()  # before any image is read
    draws = Draws(recipe, settings["seed"], settings["epochs"], attribute, warned)
    if conditions(settings).excludes:
        draws.check_takes_masks()
    return draws


def scan_images(
    images: Iterable[Reference],
    plans: Plans,
    settings: Settings,
    *,
    finalize: bool = True,
    journal: Journal[Reference] | None = None,
    total: Callable[[], int | None] = lambda: None,
    stop: StoppingRule | None = None,
    describe: bool = False,
) -> Scan:
    """Scan images on the engine of the settings; with `finalize=False`, those of a shard.

    `stop` ends the scan once enough images were measured. With `describe`, rows of a table of
    records are kept.
    """
    work = Measure(
        settings["mode"],
        limits_of(settings),
        plans,
        per_image_histograms=journal is not None,
        conditions=conditions(settings),
        describe=describe,
    )
    killable = settings["timeout"] is not None  # what takes too long is ended with its process
    preload, name = preloads(pipeline=any(plans)), settings["engine"]
    with closing(open_engine(settings["workers"], preload, name, killable=killable)) as engine:
        if not isinstance(engine, InlineEngine):
            _check_sendable(plans)
        return scan(
            images,
            work,
            engine,
            finalize=finalize,
            journal=journal,
            fail_fast=settings["fail_fast"],
            progress=settings["progress"],
            total=total,
            stop=stop,
        )


def _check_sendable(plans: Plans) -> None:
    """Raise SpecError if a transform object cannot be sent to workers."""
    for plan in plans:
        if plan is not None and plan.recipe.passed is not None:
            plan.recipe.passed.check_sendable(
                "it cannot be sent to workers; define it in a module, or measure with workers=1"
            )


def count_beside(sources: Sources) -> Callable[[], int | None]:
    """Count the images beside the scan; return what tells their number, once it is known."""
    if sources.sampling is not None:
        return sources.count
    count: list[int | None] = []
    threading.Thread(target=lambda: count.append(sources.count()), daemon=True).start()
    return lambda: count[0] if count else None


def _check_bands(augments: Sequence[object], settings: MeasureSettings, *, journal: bool) -> None:
    """Refuse what does not go with the bands of rasters, before any is read.

    Raises
    ------
    MeasureError
        If it is asked for, or rasterio is missing.
    """
    asked = conditions(settings)
    refused = {
        "a pipeline": any(augment is not None for augment in augments),
        "masks (the file's own count with --nodata auto)": asked.masks is not None,
        "alpha (an alpha band counts with --nodata auto)": asked.alpha != "drop",
        "a journal": journal,
    }
    for what, is_asked in refused.items():
        if is_asked:
            raise MeasureError(f"--mode bands does not go with {what}")
    check_rasterio()
