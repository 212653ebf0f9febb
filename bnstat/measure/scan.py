"""Image references to records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from bnstat.engines import Engine
from bnstat.measure.adaptive_sampling import StoppingRule
from bnstat.measure.chunks import chunks
from bnstat.measure.dispatch import Chunk, dispatch
from bnstat.measure.found import Scan, View
from bnstat.measure.journaling import record_chunk, unknown_images
from bnstat.measure.measure import Measure, Result
from bnstat.measure.rows import Rows
from bnstat.moments import Records
from bnstat.settings import Progress
from bnstat.sources.reference import Reference

if TYPE_CHECKING:  # it needs sqlite3, which most runs do not
    from bnstat.journal import Journal


def scan(
    references: Iterable[Reference],
    measure: Measure,
    engine: Engine,
    *,
    finalize: bool = True,
    fail_fast: bool = False,
    progress: Callable[[Progress], None] | None = None,
    total: Callable[[], int | None] = lambda: None,
    journal: Journal[Reference] | None = None,
    stop: StoppingRule | None = None,
) -> Scan:
    """Measure all images; the result does not depend on the engine or its workers.

    `total` is asked, with every progress, how many images there are. What `journal` knows is taken
    from it, and what it does not know is recorded in it; the result is the same without it. With
    `finalize=False`, the images are only a shard of the set, and what depends on the whole set is
    left to `merge_scans`. `stop` ends the scan once enough images were measured.

    Raises
    ------
    MeasureError
        If an image cannot be measured and `fail_fast` is set; or if workers cannot run at all.
    """
    selected = measure.conditions.excludes
    result = Scan(
        [
            View(Records(draws, selected=selected), Rows(draws) if measure.describe else None)
            for draws in measure.draws
        ]
    )

    def add(chunk: Chunk, measured: Result) -> None:
        result.add(chunk, measured)
        if fail_fast:
            result.check_none_failed()
        if progress is not None:
            progress(stop.progress(result) if stop else _progress(result, total()))

    unknown = _unknown(references, result, journal, add)
    ends = stop.sizes if stop else ()
    with closing(dispatch(chunks(unknown, ends), measure, engine)) as results:
        for chunk, measured in results:
            if journal is not None:
                record_chunk(journal, chunk, measured)
            add(chunk, measured)
            if stop is not None and stop.enough(result):
                break
    if journal is not None and result.images:
        journal.finish()
    if finalize:
        result.finalize(fail_fast=fail_fast)
    return result


def _progress(found: Scan, total: int | None) -> Progress:
    return Progress(found.images, found.failures, found.bytes, total)


def _unknown(
    references: Iterable[Reference],
    result: Scan,
    journal: Journal[Reference] | None,
    add: Callable[[Chunk, Result], None],
) -> Iterator[Reference]:
    """Yield what is to be measured, add what is known, and sum all fingerprints."""

    def with_fingerprints() -> Iterator[tuple[Reference, int]]:
        for reference in references:
            fingerprint = reference.fingerprint()
            result.fingerprint = (result.fingerprint + fingerprint) % 2**256
            yield reference, fingerprint

    if journal is None:
        return (reference for reference, _ in with_fingerprints())
    return unknown_images(journal, with_fingerprints(), add)
