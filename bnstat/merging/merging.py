"""Documents to one document: which can be added, where the images of all are, which counted."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, NamedTuple

from bnstat.errors import MergeError
from bnstat.merging.figures import (
    merged_figures,
    merged_sample,
    merged_selection,
    merged_uncertainty,
)
from bnstat.result import (
    MAX_FAILURES,
    MAX_WARNINGS,
    Failure,
    FileList,
    FloatImages,
    Shards,
    Source,
    Stats,
    Warned,
    Warnings,
)
from bnstat.result.input_warnings import merged_warnings
from bnstat.result.summary import merged_summaries

_SAME_WHERE_MEASURED: dict[str, Callable[[Stats], Any]] = {
    "channels": lambda stats: " ".join(stats.channels),
    "scale": lambda stats: stats.scale if stats.mode == "native" else None,
    "depth": lambda stats: stats.max_value and (16 if stats.sparse_histogram else 8),
}
# How many missing shards are named, of the thousands that there may be.
_MAX_NAMED = 20
_SUMMED = (
    *("images", "skipped", "duplicates", "deeper_than_8_bits"),
    *("replaced", "not_replaced", "links", "inner_links"),
)


class Document(NamedTuple):
    """A result, and what errors call it."""

    name: str
    stats: Stats

    @property
    def shards(self) -> Shards | None:
        return self.stats.source.shards


def merge(
    documents: Sequence[Document],
    *,
    partial: bool,
    created: str,
    remark: Callable[[str], None] = lambda line: None,
) -> Stats:
    """Add results; shards in the order of their index, so that theirs does not matter.

    `remark` is told, in a line each, what should be known of the result.

    Raises MergeError if they cannot be added, or together have no image.
    """
    if not documents:
        raise MergeError("no results to merge; name some")
    _check_same(documents, _SAME)
    _check_same([each for each in documents if each.stats.channels], _SAME_WHERE_MEASURED)
    shards = _merged_shards(documents, partial=partial)
    for line in _remarks(documents, shards):
        remark(line)
    ordered = sorted(documents, key=lambda each: each.shards.indices[:1] if each.shards else ())
    results = [document.stats for document in ordered]
    if shards is None and not any(any(stats.count) for stats in results):
        raise MergeError("nothing was measured in any of these results; is it the right folder?")
    first, sample = results[0], merged_sample(results)
    summaries_known = all(stats.summary for stats in results if stats.source.images)
    whole = Stats(
        source=_merged_source(ordered, shards),
        pipeline=first.pipeline,
        mode=first.mode,
        max_value=first.max_value,
        unscale=first.unscale,
        selection=merged_selection([stats.selection for stats in results]),
        sample=sample,
        uncertainty=merged_uncertainty(results, sample) if shards is None else None,
        created=created,
        summary=merged_summaries(stats.summary for stats in results) if summaries_known else None,
        **merged_figures(results),
    )
    told = merged_warnings([stats.warnings for stats in results], whole.shown_warnings())
    return replace(whole, told_warnings=told)


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


def _check_same(documents: Sequence[Document], same: dict[str, Callable[[Stats], Any]]) -> None:
    """Refuse results of different settings, naming the first difference."""
    for other in documents[1:]:
        first = documents[0]
        for what, of in same.items():
            if of(first.stats) != of(other.stats):
                raise MergeError(
                    f"cannot merge {first.name} and {other.name}: they differ in {what}, "
                    f"{of(first.stats)} and {of(other.stats)}; measure both alike"
                )


def _merged_shards(documents: Sequence[Document], *, partial: bool) -> Shards | None:
    """Return which shards are held together; None where all are, or where there are none.

    Refuse a shard that is there twice or, without `partial`, missing; and shards of several cuts.
    """
    first = documents[0]
    total = first.shards.total if first.shards else None
    for other in documents[1:]:
        if (other.shards.total if other.shards else None) != total:
            kinds = (
                f"one is shard {each.shards}" if each.shards else "one is of a whole set"
                for each in (first, other)
            )
            raise MergeError(
                f"cannot merge {first.name} and {other.name}: {' and '.join(kinds)}; "
                "merge all shards of one set first"
            )
    if total is None:
        _check_no_twins(documents)
        return None
    shards = Shards(tuple(sorted(_indices(documents))), total)
    missing = _missing(shards)
    if missing and not partial:
        raise MergeError(
            f"{_named(missing, total)} missing; measure {'it' if len(missing) == 1 else 'them'}, "
            "or merge what there is with --partial"
        )
    return shards if missing else None


def _missing(shards: Shards) -> list[int]:
    return sorted(set(range(1, shards.total + 1)).difference(shards.indices))


def _indices(documents: Sequence[Document]) -> dict[int, Document]:
    found: dict[int, Document] = {}
    for document in documents:
        assert document.shards is not None
        for index in document.shards.indices:
            if index in found:
                raise MergeError(
                    f"shard {index}/{document.shards.total} is there twice, in {found[index].name} "
                    f"and {document.name}; leave one of them out"
                )
            found[index] = document
    return found


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


def _remarks(documents: Sequence[Document], shards: Shards | None) -> Iterator[str]:
    """Yield what should be known of a merge that is not refused, a line each."""
    if shards is not None:
        missing = _named(_missing(shards), shards.total)
        yield f"{missing} missing: the result is of the other shards alone"
    places = {" ".join(document.stats.source.locations) for document in documents}
    if len(documents) > 1 and documents[0].shards is None:
        yield (
            "these results are no shards of one set; an image that is in several of them counts "
            "several times, which cannot be seen"
        )
    elif len(places) > 1:
        yield (
            f"the shards name different places ({'; '.join(sorted(places))}); they are taken for "
            "shards of one set"
        )


def _merged_source(documents: Sequence[Document], shards: Shards | None) -> Source:
    """Return the source of results together; `shards` are those that it is of, None is all.

    Shards are of one set, so that the place of the first is the place of all.
    """
    sources = [document.stats.source for document in documents]
    first, failures = sources[0], _failures(sources)
    folders = Counter[str]()
    for source in sources:
        folders.update(dict(source.service_folders))
    floats = [source.floats for source in sources if source.floats]
    # What is read again cannot be without a dataset.
    datasets = [source.dataset for source in sources if source.dataset is not None]
    truncated = sum(source.truncated_images or 0 for source in sources)
    sums: dict[str, Any] = {name: sum(getattr(s, name) for s in sources) for name in _SUMMED}
    own_places = first.shards is None
    return replace(
        first,
        **sums,
        locations=_locations(sources) if own_places else first.locations,
        failures=failures,
        service_folders=tuple(sorted(folders.items())),
        floats=(
            FloatImages(sum(f.images for f in floats), min(f.first for f in floats))
            if floats
            else None
        ),
        unnamed_failures=sum(source.failed for source in sources) - len(failures),
        warnings=_warnings([source.warnings for source in sources]),
        fingerprint=f"{sum(map(_fingerprint, documents)) % 2**256:064x}",
        files_from=_files_from(sources) if own_places else first.files_from,
        shards=shards,
        unfollowed_links=tuple(sorted({link for s in sources for link in s.unfollowed_links})),
        dataset=(
            replace(datasets[0], random=any(each.random for each in datasets)) if datasets else None
        ),
        files=None if first.files is None else sum(source.units for source in sources),
        truncated_images=None if first.truncated == "fail" else truncated,
    )


def _locations(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return all locations once, as typed; absolute where results were made in several folders."""
    as_typed = len({source.cwd for source in sources}) == 1
    return tuple(
        dict.fromkeys(
            location
            if as_typed or source.dataset or "://" in location
            else posixpath.join(source.cwd, location)
            for source in sources
            for location in source.locations
        )
    )


def _files_from(sources: Sequence[Source]) -> FileList | None:
    """Return how the list of images is read; several lists cannot be read again as one."""
    if all(source.files_from is None for source in sources):
        return None
    if len({(s.locations, s.cwd, s.files_from) for s in sources}) == 1:
        return sources[0].files_from
    return FileList(null=False, root=None, again=False)


def _failures(sources: Sequence[Source]) -> tuple[Failure, ...]:
    """Return the first failures by key; all, where one of the results names more than the first."""
    failures = sorted((f for source in sources for f in source.failures), key=_key)
    all_named = any(len(source.failures) > MAX_FAILURES for source in sources)
    return tuple(failures if all_named else failures[:MAX_FAILURES])


def _warnings(each: Sequence[Warnings]) -> Warnings:
    first = sorted((warned for warnings in each for warned in warnings.first), key=_key)
    return Warnings(sum(warnings.images for warnings in each), tuple(first[:MAX_WARNINGS]))


def _key(failure: Failure | Warned) -> bytes:
    """Return the key of an image from its text, in which bytes that are not UTF-8 are escaped."""
    text = failure.image.encode(errors="backslashreplace")
    return re.sub(rb"\\x([89a-f][0-9a-f])", lambda found: bytes([int(found[1], 16)]), text)


def _fingerprint(document: Document) -> int:
    text = document.stats.source.fingerprint
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise MergeError(f"{document.name} has no fingerprint of 64 hex digits; compute it again")
    return int(text, 16)
