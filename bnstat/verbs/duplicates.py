"""Images with equal pixels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from typing import Unpack

import numpy as np

from bnstat.decode.references import with_frames
from bnstat.measure.chunks import chunks
from bnstat.measure.dispatch import dispatch
from bnstat.measure.pixel_digests import DigestPixels
from bnstat.measure.placement import where_it_runs
from bnstat.measure.scanning import measure
from bnstat.measure.small_copies import small_copies
from bnstat.measure.warm_up import open_workers
from bnstat.result import Failure
from bnstat.result.found_images import Duplicates, EqualImages
from bnstat.result.tables import RecordTable
from bnstat.settings import MeasureSettings, Settings, complete, takes_settings
from bnstat.sources.opening import Location, limits_of, open_sources
from bnstat.sources.sources import Sources
from bnstat.text import key_text
from bnstat.verbs.resolve import locations_of


@takes_settings(MeasureSettings)
def duplicates(
    *sources: Location | Iterable[Location], **settings: Unpack[MeasureSettings]
) -> Duplicates:
    """Find images whose decoded pixels are equal, within and across sources.

    Images with equal moments and histograms are candidates; only these are decoded a second time,
    and compared by size, mode and pixels. Images that only look alike are not found.

    Parameters
    ----------
    sources
        Folders, files, archives and URLs, or lists of these.
    settings
        How images are read; each is listed below.

    Returns
    -------
    Duplicates
        Sets of equal images, by their first keys.

    Raises
    ------
    SourceError
        If there is no such source, or no image in it.
    """
    used = complete(Settings, settings)
    images = open_sources(locations_of(sources), used)
    used = where_it_runs(images, used, costly=True)
    outcome = measure(images, [None], used, describe=True)[0]
    batches, *_ = outcome.tables()
    table = RecordTable.joined(list(batches))
    wanted = candidates(table)
    digests, failures = _digests(images, wanted, used)
    rows = {key: row for row, key in enumerate(table.key)}
    source_of = _source_of(images)
    sets = tuple(_equal(sorted(keys), table, rows, source_of) for keys in digests if len(keys) > 1)
    return Duplicates(
        images=int(table.measured.sum()),
        candidates=len(wanted),
        sets=tuple(sorted(sets, key=lambda each: each.images)),
        failures=(*outcome.stats.source.failures, *failures),
        copies=partial(small_copies, lambda: images, used),
    )


def candidates(table: RecordTable) -> set[str]:
    """Return the keys of measured images whose moments and histograms are those of another."""
    alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for row in np.flatnonzero(table.measured).tolist():
        sums = (table.n[row], table.sum[row], table.sum_of_squares[row])
        figures = tuple(values.tobytes() for values in (*sums, table.mean[row], table.std[row]))
        alike[(int(table.histogram_hash[row]), *figures)].append(table.key[row])
    return {key for keys in alike.values() if len(keys) > 1 for key in keys}


def _digests(
    images: Sources, wanted: set[str], settings: Settings
) -> tuple[list[list[str]], list[Failure]]:
    """Return the keys of the wanted images by their digests, and what failed."""
    equal: dict[bytes, list[str]] = defaultdict(list)
    failures: list[Failure] = []
    limits = limits_of(settings)
    every = with_frames(images, settings["frames"], limits)
    chosen = (reference for reference in every if key_text(reference.key) in wanted)
    with closing(open_workers(settings, pipeline=False)) as engine:
        for chunk, found in dispatch(chunks(chosen), DigestPixels(limits), engine):
            for row, digest in found.of_rows.items():
                equal[digest].append(key_text(chunk[row].key))
            failures += [
                Failure(key_text(chunk[row].key), reason) for row, reason in found.failures
            ]
    return list(equal.values()), failures


def _source_of(images: Sources) -> Callable[[str], str]:
    """Return what tells which source an image is of, from its key."""
    prefixes = [key_text(prefix) for prefix in images.prefixes]

    def source_of(key: str) -> str:
        return max((p for p in prefixes if key.startswith(p)), key=len, default="")

    return source_of


def _equal(
    keys: list[str], table: RecordTable, rows: dict[str, int], source_of: Callable[[str], str]
) -> EqualImages:
    row = rows[keys[0]]
    return EqualImages(
        images=tuple(keys),
        width=int(table.width[row]),
        height=int(table.height[row]),
        mode=str(table.mode[row]),
        across=len(set(map(source_of, keys))) > 1,
    )
