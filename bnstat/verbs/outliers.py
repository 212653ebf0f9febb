"""Images that are unlike the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Unpack

from bnstat.augment import Spec
from bnstat.errors import MeasureError
from bnstat.estimators.outliers import THRESHOLD, find_outliers
from bnstat.measure.scanning import measure
from bnstat.measure.second_decode import small_copies
from bnstat.result import Stats, record_files
from bnstat.result.found_images import Outlier, Outliers
from bnstat.result.record_files import holds_records
from bnstat.result.tables import RecordTable
from bnstat.settings import Settings, complete, takes_settings
from bnstat.sources.naming import holds_images
from bnstat.sources.reference import Reference, file_reference
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
    named = flat(sources) or [DOCUMENT]
    first, images = named[0], None
    if len(named) == 1 and not isinstance(first, Stats) and holds_records(os.fspath(first)):
        table = record_files.read(os.fspath(first))
    else:
        images = images_of(Settings, named, settings, augment)
        [outcome] = measure(images.open(), [images.augment], images.settings, describe=True)
        table = RecordTable.joined(list(outcome.tables()[0]))
    if not table.measured.any():
        raise MeasureError("no image was measured")
    found = find_outliers(table, threshold=threshold, expect=expect, limit=limit)
    if images is not None:
        return replace(found, copies=partial(small_copies, images.open, images.settings))
    listed = partial(_files, found.found, str(table.header.get("cwd", "")))
    return replace(found, copies=partial(small_copies, listed, complete(Settings, settings)))


def _files(found: Sequence[Outlier], cwd: str) -> list[Reference]:
    """Return the files that records say images are in; in an archive it is not said where."""
    pairs = ((os.fsencode(o.image), os.fsencode(os.path.join(cwd, o.location))) for o in found)
    return [file_reference(key, path) for key, path in pairs if not holds_images(path)]
