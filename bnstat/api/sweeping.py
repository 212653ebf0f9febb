"""The caveats of BatchNorm, made visible from one scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bnstat import pipelines, replay
from bnstat.api.baseline import is_document, located, settings_of
from bnstat.api.measuring import measure
from bnstat.api.settings import Settings
from bnstat.errors import MeasureError, SourceError
from bnstat.estimators import TooFewSamplesError
from bnstat.replay import Grid
from bnstat.stats import Stats
from bnstat.stats.sweep import Sweep


def sweep(
    source: str | os.PathLike[str],
    *,
    augment: str | None = None,
    batch_sizes: Sequence[int] = (8, 32, 128),
    momenta: Sequence[float | None] = (0.01, 0.1, None),
    orders: Sequence[str] = ("shuffled", "listed"),
    repeats: int = 20,
    **settings: Any,
) -> tuple[Sweep, Stats]:
    """Measure images once, and replay what BatchNorm2d would hold under many schedules.

    Parameters
    ----------
    source
        A folder or file; or a result document (.json), whose images are then measured again, as
        they were.
    augment
        A pipeline that the images go through, as in `compute`.
    batch_sizes, momenta, orders
        The grid of schedules; a momentum of None is torch's cumulative average.
    repeats
        Seeds for each shuffled schedule, from `seed` on.
    settings
        Those of `compute`; what is not given comes from the document, if it is one.

    Returns
    -------
    tuple of Sweep and Stats
        The sweep, and the result that it is held against.

    Raises
    ------
    MeasureError
        If a batch has a single sample per channel, where BatchNorm2d raises.
    """
    name = os.fspath(source)
    stats = Stats.load(name) if is_document(name) else None
    used = settings_of(stats, settings) if stats else Settings(**settings)
    if stats is not None and augment is None and stats.pipeline.spec is not None:
        augment = _harmless(stats.pipeline.spec)
        used = replace(used, keep_normalize=not stats.pipeline.before_normalize)
    found = measure(located(stats or name), [augment], used)[0]
    if not len(found.records):
        raise MeasureError(f"{name} is of a shard in which nothing was measured; sweep another")
    grid = Grid(tuple(batch_sizes), tuple(momenta), tuple(orders), repeats, used.seed, used.epochs)
    try:
        return replay.sweep(found.records, grid), found.stats
    except TooFewSamplesError as error:
        raise MeasureError(f"{error}; take larger batches") from error


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
