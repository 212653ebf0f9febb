"""The caveats of BatchNorm, made visible from one scan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from bnstat.augment import Spec
from bnstat.decode.selection import conditions
from bnstat.errors import MeasureError
from bnstat.estimators import TooFewSamplesError, replay
from bnstat.estimators.replay import Grid
from bnstat.measure.scanning import measure
from bnstat.result.running_statistics import Sweep
from bnstat.settings import (
    MeasureSettings,
    Settings,
    SweepSettings,
    complete,
    settings_of,
    takes_settings,
)
from bnstat.verbs.resolve import Named, flat, images_of, title_of


@takes_settings(SweepSettings)
def sweep(
    source: Named | Iterable[Named],
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
    images = images_of(Settings, flat([source]), measuring, augment)
    if conditions(images.settings).excludes:
        raise MeasureError(
            "sweep replays a layer that sees all pixels; measure without a selection of pixels"
        )
    measured = measure(images.open(), [images.augment], images.settings, given=measuring)[0]
    if not len(measured.records):
        name = " ".join(map(title_of, flat([source])))
        raise MeasureError(f"{name} is of a shard in which nothing was measured; sweep another")
    used = images.settings
    schedules = Grid(**grid, seed=used["seed"], epochs=used["epochs"])
    try:
        return replay.sweep(measured.records, schedules, measured.stats)
    except TooFewSamplesError as error:
        raise MeasureError(f"{error}; take larger batches") from error


def _split(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the grid, complete, and what was given of how images are measured."""
    known, measuring = complete(SweepSettings, settings), settings_of(MeasureSettings)
    grid = {name: value for name, value in known.items() if name not in measuring}
    return grid, {name: value for name, value in settings.items() if name in measuring}
