"""The caveats of BatchNorm, made visible from one scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from bnstat import augment as pipelines
from bnstat.augment import Spec
from bnstat.decode.selection import conditions
from bnstat.errors import MeasureError, SourceError
from bnstat.estimators import TooFewSamplesError, replay
from bnstat.estimators.replay import Grid
from bnstat.measure.scanning import measure
from bnstat.result import Stats
from bnstat.result.sweep import Sweep
from bnstat.settings import (
    MeasureSettings,
    Settings,
    SweepSettings,
    complete,
    settings_of,
    takes_settings,
)
from bnstat.sources.opening import Location, flat, open_sources, sources_of
from bnstat.text import without_credentials
from bnstat.verbs.resolve import is_document, settings_for


@takes_settings(SweepSettings)
def sweep(
    source: Location | Stats | Iterable[Location],
    *,
    augment: Spec | None = None,
    **settings: Unpack[SweepSettings],
) -> Sweep:
    """Measure images once, and replay what BatchNorm2d would hold under many schedules.

    Parameters
    ----------
    source
        A folder or file, or several; or a result or its document (.json), whose images are then
        measured again, as they were.
    augment
        A pipeline that the images go through, as in `compute`.
    settings
        How images are measured, and the grid of schedules, each with `repeats` seeds from `seed`
        on; each is listed below. What is not given comes from the result, if the source is one.

    Returns
    -------
    Sweep
        A cell for each schedule, and as `stats` the result that they are compared with.

    Raises
    ------
    MeasureError
        If a batch has a single sample per channel, where BatchNorm2d raises.
    """
    grid, measuring = _split(settings)
    locations = [] if isinstance(source, Stats) else flat([source])
    stats = source if isinstance(source, Stats) else _document(locations)
    used = settings_for(stats, measuring) if stats else complete(Settings, measuring)
    if stats is not None and augment is None and stats.pipeline.spec is not None:
        augment = trusted(stats.pipeline.spec)
        used = used | {"keep_normalize": not stats.pipeline.before_normalize}
    if conditions(used).excludes:
        raise MeasureError(
            "sweep replays a layer that sees all pixels; measure without a selection of pixels"
        )
    images = sources_of(stats, used) if stats else open_sources(locations, used)
    measured = measure(images, [augment], used)[0]
    if not len(measured.records):
        name = without_credentials(" ".join(locations or images.locations))
        raise MeasureError(f"{name} is of a shard in which nothing was measured; sweep another")
    schedules = Grid(**grid, seed=used["seed"], epochs=used["epochs"])
    try:
        return replay.sweep(measured.records, schedules, measured.stats)
    except TooFewSamplesError as error:
        raise MeasureError(f"{error}; take larger batches") from error


def _document(locations: list[str]) -> Stats | None:
    """Return the result that a document holds, if that is what is named."""
    return Stats.load(locations[0]) if len(locations) == 1 and is_document(locations[0]) else None


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the grid, complete, and what was given of how images are measured."""
    known, measuring = complete(SweepSettings, settings), settings_of(MeasureSettings)
    grid = {name: value for name, value in known.items() if name not in measuring}
    return grid, {name: value for name, value in settings.items() if name in measuring}


def trusted(spec: str) -> str:
    """Return the pipeline that a document names, unless it is code: nobody here has asked for it.

    Raises
    ------
    SourceError
        If it is package.module:attribute, which is run only where it is typed.
    SpecError
        If it is a transform object, which no document holds.
    """
    if pipelines.read(spec).user is not None:
        raise SourceError(
            f"the result was measured through {spec}, which is code, and a document runs none; "
            f"if you trust it, add --augment {spec}"
        )
    return spec
