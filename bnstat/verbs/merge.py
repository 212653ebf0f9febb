"""Adding results of disjoint images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from bnstat import merging
from bnstat.measure.figures import now
from bnstat.merging import Document
from bnstat.result import Stats


def merge(
    *results: str | os.PathLike[str] | Stats,
    partial: bool = False,
    remark: Callable[[str], None] = lambda line: None,
) -> Stats:
    """Add results of disjoint images to that of all of them, without measuring anything again.

    Integers, the histogram and `two-pass` are those of one run to the last digit, all else to
    1e-12. `batchnorm` is None: it depends on the order over all images.

    Parameters
    ----------
    results
        Results or their documents: all shards of one set in any order, also merged in groups
        before; or results of different sets.
    partial
        Whether shards may be missing; the result then says which it is of.
    remark
        Called with a line on what cannot be seen in the result, such as images counted twice.

    Raises
    ------
    DocumentError
        If a document cannot be read.
    MergeError
        If a shard is there twice or missing, or if the results were not measured alike.
    """
    return merging.merge(list(_documents(results)), partial=partial, created=now(), remark=remark)


def _documents(results: tuple[str | os.PathLike[str] | Stats, ...]) -> Iterator[Document]:
    for number, result in enumerate(results, start=1):
        if isinstance(result, Stats):
            yield Document(f"result {number}", result)
        else:
            yield Document(os.fspath(result), Stats.load(result))
