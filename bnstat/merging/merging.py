"""Documents to one document."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bnstat.errors import MergeError
from bnstat.merging.agreement import Document, check_alike, held, remarks
from bnstat.merging.figures import merged_figures
from bnstat.merging.selection import merged_sample, merged_selection
from bnstat.merging.sources import merged_source
from bnstat.result import Stats


def merge(
    documents: Sequence[Document],
    *,
    partial: bool,
    created: str,
    remark: Callable[[str], None] = lambda line: None,
) -> Stats:
    """Add results; shards in the order of their index, so that theirs does not matter.

    `remark` is told, in a line each, what should be known of the result.

    Raises
    ------
    MergeError
        If they cannot be added, or together have no image.
    """
    if not documents:
        raise MergeError("no results to merge; name some")
    check_alike(documents)
    shards = held(documents, partial=partial)
    for line in remarks(documents, shards):
        remark(line)
    ordered = sorted(documents, key=_first_shard)
    if shards is None and not any(any(each.stats.count) for each in ordered):
        raise MergeError("nothing was measured in any of these results; is it the right folder?")
    first = ordered[0].stats
    return Stats(
        source=merged_source(ordered, shards),
        pipeline=first.pipeline,
        mode=first.mode,
        selection=merged_selection([each.stats.selection for each in ordered]),
        sample=merged_sample([each.stats for each in ordered]),
        created=created,
        **merged_figures([each.stats for each in ordered]),
    )


def _first_shard(document: Document) -> int:
    shards = document.stats.source.shards
    return shards.indices[0] if shards and shards.indices else 0
