"""Images that are unlike the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Unpack

from bnstat.augment import Spec
from bnstat.errors import MeasureError
from bnstat.estimators.outliers import THRESHOLD, find_outliers
from bnstat.measure.scanning import measure
from bnstat.result import Stats
from bnstat.result import tables as record_tables
from bnstat.result.outliers import Outliers
from bnstat.result.tables import RecordTable
from bnstat.settings import Settings, complete, takes_settings
from bnstat.sources.opening import Location, flat, open_sources, sources_of
from bnstat.verbs.resolve import is_document, settings_for
from bnstat.verbs.sweep import trusted


@takes_settings(Settings)
def outliers(
    *sources: Location | Stats | Iterable[Location],
    threshold: float = THRESHOLD,
    limit: int | None = None,
    augment: Spec | None = None,
    **settings: Unpack[Settings],
) -> Outliers:
    """Find images that are unlike the rest of their group, and what each does to the figures.

    Parameters
    ----------
    sources
        Folders and other sources; or a result or its document, whose images are measured again; or
        a file of records (`compute(records=...)`), from which nothing is measured. None is
        bnstat.json.
    threshold
        Above which absolute robust z of mean, std, saturation or size an image is an outlier.
    limit
        The most that are returned; None is all.
    augment
        A pipeline that the images go through, as in `compute`.
    settings
        How images are measured and grouped; each is listed below.

    Returns
    -------
    Outliers
        The strongest first.

    Raises
    ------
    SourceError, DocumentError
        If there is no such source.
    MeasureError
        If no image could be measured.
    """
    named = list(sources) or ["bnstat.json"]
    table = _table(named, augment, settings)
    if not table.measured.any():
        raise MeasureError("no image was measured")
    return find_outliers(table, threshold=threshold, limit=limit)


def _table(
    sources: list[Location | Stats | Iterable[Location]], augment: Spec | None, settings: Settings
) -> RecordTable:
    first = sources[0]
    named = os.fspath(first) if isinstance(first, str | os.PathLike) else ""
    if len(sources) == 1 and record_tables.holds_records(named):
        return record_tables.read(named)
    return measured_table(sources, augment, settings)


def measured_table(
    sources: list[Location | Stats | Iterable[Location]], augment: Spec | None, settings: Settings
) -> RecordTable:
    """Measure images, and return their records."""
    first = sources[0]
    stats = first if isinstance(first, Stats) else None
    locations = [] if stats else flat(sources)  # type: ignore[arg-type]
    if stats is None and len(locations) == 1 and is_document(locations[0]):
        stats = Stats.load(locations[0])
    used = settings_for(stats, settings) if stats else complete(Settings, settings)
    if stats is not None and augment is None and stats.pipeline.spec is not None:
        augment = trusted(stats.pipeline.spec)
    images = sources_of(stats, used) if stats else open_sources(locations, used)
    batches, *_ = measure(images, [augment], used, describe=True)[0].tables()
    return RecordTable.joined(list(batches))
