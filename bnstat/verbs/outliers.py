"""Images that are unlike the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from bnstat.augment import Spec
from bnstat.errors import MeasureError
from bnstat.estimators.outliers import THRESHOLD, find_outliers
from bnstat.measure.scanning import measure
from bnstat.result import Stats
from bnstat.result import tables as record_tables
from bnstat.result.found_images import Outliers
from bnstat.result.tables import RecordTable, holds_records
from bnstat.settings import Settings, takes_settings
from bnstat.verbs.resolve import DOCUMENT, Named, flat, images_of


@takes_settings(Settings)
def outliers(
    *sources: Named | Iterable[Named],
    threshold: float = THRESHOLD,
    expect: int | None = None,
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
        Above which score an image is an outlier.
    expect
        The most images that are outliers; None is 1 % of them.
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
    table = _records(flat(sources) or [DOCUMENT], augment, settings)
    if not table.measured.any():
        raise MeasureError("no image was measured")
    return find_outliers(table, threshold=threshold, expect=expect, limit=limit)


def _records(
    named: Sequence[Named], augment: Spec | None, settings: Mapping[str, Any]
) -> RecordTable:
    """Return the records that a file holds, or those of images, which are measured for them."""
    first = named[0]
    if len(named) == 1 and not isinstance(first, Stats) and holds_records(os.fspath(first)):
        return record_tables.read(os.fspath(first))
    images = images_of(Settings, named, settings, augment)
    batches, *_ = measure(images.open(), [images.augment], images.settings, describe=True)[
        0
    ].tables()
    return RecordTable.joined(list(batches))
