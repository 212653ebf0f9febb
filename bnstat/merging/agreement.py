"""Which documents can be added, and what a person should know of those that can."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from bnstat.errors import MergeError
from bnstat.result import Shards, Stats


class Document(NamedTuple):
    """A result, and what errors call it."""

    name: str
    stats: Stats


def _sample_in_words(stats: Stats) -> str:
    """Return which share was measured, in words; of shards of one set also of how many images."""
    sample = stats.sample
    if sample is None:
        return "all images"
    share = sample.asked.endswith("%") and stats.source.shards is None
    whole = "" if share else f" of {sample.of:,}"
    return f"{sample.asked}{whole} (seed {sample.seed})"


# What results must share, to be of one measurement; for `mode` native the shards may each have
# found another mode, which shows in the channels or in the scale.
_SAME: dict[str, Callable[[Stats], Any]] = {
    "mode": lambda stats: stats.mode,
    "pipeline": lambda stats: " | ".join(stats.pipeline.transforms) or "none",
    "pipeline's end": lambda stats: (
        "before Normalize" if stats.pipeline.before_normalize else "as it is"
    ),
    "max-value": lambda stats: stats.max_value,
    "unscale": lambda stats: stats.unscale,
    "alpha": lambda stats: stats.selection.alpha,
    "nodata": lambda stats: stats.selection.nodata,
    "masks": lambda stats: stats.selection.masks,
    "mask values": lambda stats: stats.selection.mask_values,
    "ignored mask values": lambda stats: stats.selection.mask_ignore,
    "exclude-fill": lambda stats: stats.selection.exclude_fill,
    "include": lambda stats: " ".join(stats.source.include or ["all images"]),
    "exclude": lambda stats: " ".join(stats.source.exclude or ["no images"]),
    "frames": lambda stats: stats.source.frames,
    "truncated": lambda stats: stats.source.truncated,
    "column": lambda stats: stats.source.column,
    "files-column": lambda stats: stats.source.files_column,
    "where": lambda stats: " ".join(stats.source.where or ["all rows"]),
    "sample": _sample_in_words,
    "seed": lambda stats: stats.pipeline.seed,
    "epochs": lambda stats: stats.pipeline.epochs,
}
_SAME_WHERE_MEASURED: dict[str, Callable[[Stats], Any]] = {
    "channels": lambda stats: " ".join(stats.channels),
    "scale": lambda stats: stats.scale if stats.mode == "native" else None,
    "depth": lambda stats: stats.max_value and (16 if stats.sparse_histogram else 8),
}


def check_alike(documents: Sequence[Document]) -> None:
    """Refuse results of different settings, naming the first difference.

    Raises
    ------
    MergeError
        If the mode, the pipeline, the seed, the epochs or the channels differ.
    """
    _check_same(documents, _SAME)
    _check_same([each for each in documents if each.stats.channels], _SAME_WHERE_MEASURED)


def _check_same(documents: Sequence[Document], same: dict[str, Callable[[Stats], Any]]) -> None:
    for other in documents[1:]:
        first = documents[0]
        for what, of in same.items():
            if of(first.stats) != of(other.stats):
                raise MergeError(
                    f"cannot merge {first.name} and {other.name}: they differ in {what}, "
                    f"{of(first.stats)} and {of(other.stats)}; measure both alike"
                )


def merged_shards(documents: Sequence[Document], *, partial: bool) -> Shards | None:
    """Return which shards are held together; None where all are, or where there are none.

    Raises
    ------
    MergeError
        If a shard is there twice or, without `partial`, missing; or if not all are shards of as
        many.
    """
    first = documents[0]
    for other in documents[1:]:
        if _total(other) != _total(first):
            raise MergeError(
                f"cannot merge {first.name} and {other.name}: {_kind(first)} and {_kind(other)}; "
                "merge all shards of one set first"
            )
    total = _total(first)
    if total is None:
        _check_no_twins(documents)
        return None
    indices = _indices(documents)
    missing = sorted(set(range(1, total + 1)).difference(indices))
    if missing and not partial:
        raise MergeError(
            f"{_named(missing, total)} missing; measure {'it' if len(missing) == 1 else 'them'}, "
            "or merge what there is with --partial"
        )
    return Shards(tuple(sorted(indices)), total) if missing else None


def _total(document: Document) -> int | None:
    shards = document.stats.source.shards
    return shards.total if shards else None


def _kind(document: Document) -> str:
    shards = document.stats.source.shards
    return "one is of a whole set" if shards is None else f"one is shard {shards}"


def _indices(documents: Sequence[Document]) -> dict[int, Document]:
    """Return the document that each shard is in."""
    found: dict[int, Document] = {}
    for document in documents:
        shards = document.stats.source.shards
        assert shards is not None
        for index in shards.indices:
            if index in found:
                raise MergeError(
                    f"shard {index}/{shards.total} is there twice, in {found[index].name} and "
                    f"{document.name}; leave one of them out"
                )
            found[index] = document
    return found


# How many missing shards are named, of the thousands that there may be.
_MAX_NAMED = 20


def _named(indices: Sequence[int], total: int) -> str:
    """Return the shards in words, with their verb."""
    names = [f"{index}/{total}" for index in indices[:_MAX_NAMED]]
    if len(indices) > _MAX_NAMED:
        names.append(f"{len(indices) - _MAX_NAMED} more")
    if len(names) == 1:
        return f"shard {names[0]} is"
    return f"shards {', '.join(names[:-1])} and {names[-1]} are"


def _check_no_twins(documents: Sequence[Document]) -> None:
    """Refuse whole sets that are the same to the last file; other overlap cannot be seen."""
    for a, b in combinations(documents, 2):
        found = a.stats.source.images or a.stats.source.failed
        if found and a.stats.source.fingerprint == b.stats.source.fingerprint:
            raise MergeError(f"{a.name} and {b.name} are of the same images; leave one of them out")


def remarks(documents: Sequence[Document], missing_of: Shards | None) -> Iterator[str]:
    """Yield what should be known of a merge that is not refused, a line each."""
    if missing_of is not None:
        total = missing_of.total
        missing = sorted(set(range(1, total + 1)).difference(missing_of.indices))
        yield f"{_named(missing, total)} missing: the result is of the other shards alone"
    places = {_place(document) for document in documents}
    if len(documents) > 1 and _total(documents[0]) is None:
        yield (
            "these results are no shards of one set; an image that is in several of them counts "
            "several times, which cannot be seen"
        )
    elif len(places) > 1:
        yield (
            f"the shards name different places ({'; '.join(sorted(places))}); they are taken for "
            "shards of one set"
        )


def _place(document: Document) -> str:
    return " ".join(document.stats.source.locations)
