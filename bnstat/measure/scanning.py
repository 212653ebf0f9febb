"""Images to records and results, plain and through pipelines."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from bnstat.augment import Spec
from bnstat.decode.modes import BANDS
from bnstat.decode.references import frames_of, with_frames
from bnstat.decode.selection import Conditions
from bnstat.engines import Engine
from bnstat.errors import JournalError, MeasureError
from bnstat.measure.adaptive_sampling import GrowingScan, StoppingRule
from bnstat.measure.count_batches import count_stack
from bnstat.measure.dispatch import Chunk, chunks, dispatch
from bnstat.measure.found import Scan, View
from bnstat.measure.groups import GroupHistograms, GroupNames
from bnstat.measure.journaling import (
    open_journal,
    record_chunk,
    unknown_images,
    unknown_in_any_order,
)
from bnstat.measure.measure import Measure
from bnstat.measure.measured import Hashing, Measured, Result, of_stack
from bnstat.measure.outcomes import Outcome, outcomes
from bnstat.measure.plan import Plan, check_dataset
from bnstat.measure.rows import Rows
from bnstat.measure.texts_by_key import TextsByKey
from bnstat.moments import Records
from bnstat.result import MAX_FAILURES
from bnstat.settings import Settings, listener
from bnstat.sources.arrays import ArraySource
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import FIRST, Reference
from bnstat.sources.sources import Sources

if TYPE_CHECKING:
    from bnstat.journal import Journal

# Bytes of the images that are counted at a time.
_BLOCK = 4 << 20


def measure(
    sources: Sources,
    augments: Sequence[Spec | None],
    settings: Settings,
    *,
    attribute: bool = False,
    journal: str | os.PathLike[str] | None = None,
    describe: bool = False,
    hashing: Hashing | None = None,
    given: Iterable[str] = (),
) -> list[Outcome]:
    """Measure images plain (None) and through pipelines, from one decode.

    With `attribute`, a pipeline has an outcome after each of its transforms. `journal` is the file
    that remembers what was measured. With `describe`, outcomes can tell all records; `hashing` is
    how images are hashed, None is not at all.
    `given` are the settings that were typed: these answer the warnings that name them.

    Raises JournalError if the journal cannot be used, or has failed in mid-run; then with the
    result.
    """
    if settings["mode"] == BANDS and journal is not None:
        raise MeasureError("--mode bands does not go with a journal")
    if sources.dataset is not None:
        check_dataset(settings, journal=journal is not None)
    plan = Plan.of(
        augments,
        sources,
        settings,
        attribute=attribute,
        describe=describe,
        hashing=hashing,
        given=given,
    )
    rule = None if settings["until"] is None else StoppingRule(sources.population, plan)
    images = plan.checked(rule.images() if rule else sources)
    told = listener(settings) is not None and rule is None and not plan.by_file
    total = count_beside(sources) if told else lambda: None
    with open_journal(journal, sources, plan.views, plan.settings) as opened:
        array = None if rule or opened else array_of(sources, plan)
        if array is not None:
            found = scan_array(array, plan)
        else:
            with closing(plan.engine()) as engine:
                found = scan(
                    images,
                    plan.work(per_image=opened is not None),
                    engine,
                    plan.settings,
                    journal=opened,
                    total=total,
                    stop=rule,
                    names=plan.groups,
                )
    measured = outcomes(sources, found, plan)
    if opened is not None and opened.failure is not None:
        raise JournalError(opened.failure, measured[0].stats)
    return measured


def scan(
    references: Iterable[Reference],
    measure: Measure,
    engine: Engine,
    settings: Settings,
    *,
    finalize: bool = True,
    journal: Journal[Reference] | None = None,
    total: Callable[[], int | None] = lambda: None,
    stop: StoppingRule | None = None,
    names: GroupNames | None = None,
) -> Scan:
    """Measure all images; the result does not depend on the engine or its workers.

    `total` is asked, with every progress, how many images there are. What `journal` knows is taken
    from it, and what it does not know is recorded in it; the result is the same without it. With
    `finalize=False`, the images are only a shard of the set, and what depends on the whole set is
    left to `merge_scans`. `stop` ends the scan once enough images were measured. `names` are those
    of groups.

    Raises MeasureError if an image cannot be measured and `fail_fast` is set; or if workers cannot
    run at all.
    """
    result = _nothing_found(measure, names, all_failures=settings["all_failures"])
    fail_fast, frames, tell = settings["fail_fast"], settings["frames"], listener(settings)

    def add(chunk: Chunk, measured: Result) -> None:
        result.add(chunk, measured)
        if fail_fast:
            result.check_none_failed()
        if tell is not None:
            tell(stop.progress(result) if stop else result.progress(total()))

    growing = GrowingScan(stop, result, add) if stop else None
    cut: Iterator[Chunk]
    if growing is None:
        framed = _with_fingerprints(references, result, frames, measure.limits)
        cut = chunks(unknown_images(journal, framed, add) if journal else (r for r, _ in framed))
    else:
        unknown = partial(unknown_in_any_order, journal) if journal else None
        cut = growing.chunks(
            references, unknown, partial(with_frames, asked=frames, limits=measure.limits)
        )
    with closing(dispatch(cut, measure, engine)) as results:
        for chunk, measured in results:
            if journal is not None:
                record_chunk(journal, chunk, measured)
            (growing.add if growing else add)(chunk, measured)
            if growing is not None and growing.ended:
                break
    if journal is not None and result.images:
        journal.finish()
    if finalize:
        result.finalize(fail_fast=fail_fast)
    return result


def _nothing_found(measure: Measure, names: GroupNames | None, *, all_failures: bool) -> Scan:
    """Return the scan of no image, with what each view is to keep."""
    selected, describe = measure.conditions.excludes, measure.describe
    named = None if all_failures or describe else MAX_FAILURES  # a table has a row for each
    return Scan(
        [
            View(
                Records(draws, selected=selected, max_value=most),
                Rows(draws) if describe else None,
                TextsByKey(named),
                by_group=GroupHistograms(names) if names else None,
            )
            for draws, most in zip(measure.draws, measure.max_values, strict=True)
        ]
    )


def _with_fingerprints(
    references: Iterable[Reference], result: Scan, frames: str, limits: Limits
) -> Iterator[tuple[Reference, int]]:
    """Yield the frames of files with their fingerprints, and sum the fingerprints of the files."""
    for reference in references:
        fingerprint = reference.fingerprint()
        result.fingerprint = (result.fingerprint + fingerprint) % 2**256
        if frames == FIRST:
            yield reference, fingerprint
        else:
            for frame in frames_of(reference, frames, limits):
                yield frame, frame.fingerprint()


def count_beside(sources: Sources) -> Callable[[], int | None]:
    """Count the images beside the scan; return what tells their number, once it is known."""
    if sources.sampling is not None:
        return sources.count
    count: list[int | None] = []
    threading.Thread(target=lambda: count.append(sources.count()), daemon=True).start()
    return lambda: count[0] if count else None


def array_of(sources: Sources, plan: Plan) -> ArraySource | None:
    """Return the array whose images are all that is measured, as they are, in this process."""
    plain = plan.views == (None,) and plan.conditions == Conditions() and plan.epochs == 1
    plain = plain and not (plan.describe or plan.hashing or plan.groups or plan.clusters)
    return sources.array if plain and plan.settings["max_value"] is None else None


def scan_array(array: ArraySource, plan: Plan) -> Scan:
    """Return what `scan_images` finds of the images of an array.

    Raises MeasureError if an image cannot be measured and `fail_fast` is set.
    """
    settings = plan.settings
    view = View(Records(), None, TextsByKey(None if settings["all_failures"] else MAX_FAILURES))
    found = Scan([view], fingerprint=array.fingerprint())
    for keys, images in array.blocks(_BLOCK):
        view.add(keys, Measured(*count_stack(images)))
        found.summarize(of_stack(images))
        found.images += len(keys)
        found.files += len(keys)
        found.bytes += images.nbytes
        if settings["fail_fast"]:
            found.check_none_failed()
        if tell := listener(settings):
            tell(found.progress(array.count()))
    return found
