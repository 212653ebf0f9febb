"""The caveats of BatchNorm, made visible from one scan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Unpack

from bnstat import pipelines, replay
from bnstat.api.baseline import is_document, located, settings_for
from bnstat.api.measuring import measure
from bnstat.errors import MeasureError, SourceError
from bnstat.estimators import TooFewSamplesError
from bnstat.replay import Grid
from bnstat.settings import (
    MeasureSettings,
    Settings,
    SweepSettings,
    complete,
    settings_of,
    takes_settings,
)
from bnstat.stats import Stats
from bnstat.stats.sweep import Sweep


@takes_settings(SweepSettings)
def sweep(
    source: str | os.PathLike[str],
    *,
    augment: str | None = None,
    **settings: Unpack[SweepSettings],
) -> tuple[Sweep, Stats]:
    """Measure images once, and replay what BatchNorm2d would hold under many schedules.

    Parameters
    ----------
    source
        A folder or file; or a result document (.json), whose images are then measured again, as
        they were.
    augment
        A pipeline that the images go through, as in `compute`.
    settings
        How images are measured, and the grid of schedules, each with `repeats` seeds from `seed`
        on; each is listed below. What is not given comes from the document, if it is one.

    Returns
    -------
    tuple of Sweep and Stats
        The sweep, and the result that it is held against.

    Raises
    ------
    MeasureError
        If a batch has a single sample per channel, where BatchNorm2d raises.
    """
    grid, measuring = _split(settings)
    name = os.fspath(source)
    stats = Stats.load(name) if is_document(name) else None
    used = settings_for(stats, measuring) if stats else complete(Settings, measuring)
    if stats is not None and augment is None and stats.pipeline.spec is not None:
        augment = _harmless(stats.pipeline.spec)
        used = used | {"keep_normalize": not stats.pipeline.before_normalize}
    found = measure(located(stats or name, used), [augment], used)[0]
    if not len(found.records):
        raise MeasureError(f"{name} is of a shard in which nothing was measured; sweep another")
    schedules = Grid(**grid, seed=used["seed"], epochs=used["epochs"])
    try:
        return replay.sweep(found.records, schedules), found.stats
    except TooFewSamplesError as error:
        raise MeasureError(f"{error}; take larger batches") from error


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the grid, complete, and what was given of how images are measured."""
    known, measuring = complete(SweepSettings, settings), settings_of(MeasureSettings)
    grid = {name: value for name, value in known.items() if name not in measuring}
    return grid, {name: value for name, value in settings.items() if name in measuring}


def _harmless(spec: str) -> str:
    """Return the pipeline that a document names, unless it is code: nobody here has asked for it.

    Raises
    ------
    SourceError
        If it is package.module:attribute, which is run only where it is typed.
    """
    if pipelines.read(spec).user is not None:
        raise SourceError(
            f"the result was measured through {spec}, which is code, and a document runs none; "
            f"if you trust it, add --augment {spec}"
        )
    return spec
