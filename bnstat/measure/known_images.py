"""What a journal knows of the images of a run, and what is recorded in it.

Failures are not recorded: a lost worker, a lack of memory or of permission may be gone the next
time, and a broken file is soon found broken again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from bnstat.measure.dispatch import Chunk
from bnstat.measure.measure import Measured, Result
from bnstat.sources.reference import Reference

if TYPE_CHECKING:
    from bnstat.journal import Entry, Journal


def unknown_images(
    journal: Journal[Reference],
    with_fingerprints: Iterable[tuple[Reference, int]],
    add: Callable[[Chunk, Result], None],
) -> Iterator[Reference]:
    """Yield the images that are to be measured; hand what is known of the others to `add`.

    Images come with their fingerprints, in key order. Images whose entry in the journal
    proves damaged are yielded later than their place.
    """

    def unreadable(key: bytes | None) -> Iterator[Reference]:
        for images, entry in journal.completed(key):
            if entry is None:
                yield from images
            else:
                add(images, _measured(entry))

    for reference, fingerprint in with_fingerprints:
        if not journal.knows(reference, fingerprint):
            yield reference
        yield from unreadable(reference.key)
    yield from unreadable(None)


def _measured(entry: Entry) -> Result:
    return [
        Measured(moments, [], entry.deep, transparent=entry.transparent) for moments in entry.views
    ]


def record_chunk(journal: Journal[Reference], chunk: Chunk, result: Result) -> None:
    """Record in a journal the images of a chunk that were measured in every view.

    What Pillow warned of is measured again, and warned of again.
    """
    noted = {row for m in result for row, _ in (*m.failures, *m.warnings)}
    rows = [row for row in range(len(chunk)) if row not in noted]
    if rows:
        first, views = result[0], [measured.moments for measured in result]
        journal.record(chunk, rows, views, deep=first.deep, transparent=first.transparent)
