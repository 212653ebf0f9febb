"""Documents to one document: where the images of all are, what became of them, which counted."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from bnstat.errors import MergeError
from bnstat.merging.agreement import Document, check_alike, merged_shards, remarks
from bnstat.merging.figures import merged_figures, merged_uncertainty
from bnstat.result import (
    MAX_FAILURES,
    MAX_WARNINGS,
    Dataset,
    Failure,
    FileList,
    FloatImages,
    Sample,
    Selection,
    Shards,
    Source,
    Stats,
    Summary,
    Warned,
    Warnings,
)
from bnstat.result.input_warnings import merged_warnings
from bnstat.result.summary import merged_summaries


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
    shards = merged_shards(documents, partial=partial)
    for line in remarks(documents, shards):
        remark(line)
    ordered = sorted(documents, key=_first_shard)
    if shards is None and not any(any(each.stats.count) for each in ordered):
        raise MergeError("nothing was measured in any of these results; is it the right folder?")
    results = [each.stats for each in ordered]
    first, sample = results[0], _merged_sample(results)
    whole = Stats(
        source=_merged_source(ordered, shards),
        pipeline=first.pipeline,
        mode=first.mode,
        max_value=first.max_value,
        unscale=first.unscale,
        selection=_merged_selection([stats.selection for stats in results]),
        sample=sample,
        uncertainty=merged_uncertainty(results, sample) if shards is None else None,
        created=created,
        summary=_summary(results),
        **merged_figures(results),
    )
    told = merged_warnings([each.stats.warnings for each in ordered], whole.shown_warnings())
    return replace(whole, told_warnings=told)


def _summary(results: Sequence[Stats]) -> Summary | None:
    """Return what all images are like; None if that is not known of some."""
    known = all(stats.summary for stats in results if stats.source.images)
    return merged_summaries(stats.summary for stats in results) if known else None


def _first_shard(document: Document) -> int:
    shards = document.stats.source.shards
    return shards.indices[0] if shards and shards.indices else 0


def _merged_source(documents: Sequence[Document], shards: Shards | None) -> Source:
    """Return the source of results together; `shards` are those that it is of, None is all.

    Shards are of one set, so that the place of the first is the place of all.
    """
    sources = [document.stats.source for document in documents]
    first = sources[0]
    same_set, failures = first.shards is not None, _failures(sources)
    return Source(
        locations=first.locations if same_set else _locations(sources),
        cwd=first.cwd,
        images=sum(source.images for source in sources),
        skipped=sum(source.skipped for source in sources),
        duplicates=sum(source.duplicates for source in sources),
        deeper_than_8_bits=sum(source.deeper_than_8_bits for source in sources),
        failures=failures,
        service_folders=_service_folders(sources),
        floats=_floats([source.floats for source in sources if source.floats]),
        replaced=sum(source.replaced for source in sources),
        not_replaced=sum(source.not_replaced for source in sources),
        unnamed_failures=sum(source.failed for source in sources) - len(failures),
        warnings=_warnings([source.warnings for source in sources]),
        fingerprint=f"{sum(map(_fingerprint, documents)) % 2**256:064x}",
        files_from=first.files_from if same_set else _files_from(sources),
        shards=shards,
        include=first.include,
        exclude=first.exclude,
        column=first.column,
        files_column=first.files_column,
        where=first.where,
        unfollowed_links=tuple(sorted({link for s in sources for link in s.unfollowed_links})),
        dataset=_dataset(sources),
        array=first.array,
        layout=first.layout,
        links=sum(source.links for source in sources),
        inner_links=sum(source.inner_links for source in sources),
        frames=first.frames,
        files=None if first.files is None else sum(source.units for source in sources),
        truncated_images=(
            None
            if first.truncated == "fail"
            else sum(source.truncated_images or 0 for source in sources)
        ),
    )


def _dataset(sources: Sequence[Source]) -> Dataset | None:
    """Return the dataset that stands for all: what is read again cannot be without it."""
    datasets = [source.dataset for source in sources if source.dataset is not None]
    if not datasets:
        return None
    return replace(datasets[0], random=any(dataset.random for dataset in datasets))


def _locations(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return all locations once, as typed; absolute where results were made in several folders."""
    if len({source.cwd for source in sources}) == 1:
        typed = [location for source in sources for location in source.locations]
    else:
        typed = [
            location if source.dataset else _absolute(source.cwd, location)
            for source in sources
            for location in source.locations
        ]
    return tuple(dict.fromkeys(typed))


def _absolute(cwd: str, location: str) -> str:
    return location if "://" in location else posixpath.join(cwd, location)


def _files_from(sources: Sequence[Source]) -> FileList | None:
    """Return how the list of images is read; several lists cannot be read again as one."""
    if all(source.files_from is None for source in sources):
        return None
    if len({(s.locations, s.cwd, s.files_from) for s in sources}) == 1:
        return sources[0].files_from
    return FileList(null=False, root=None, again=False)


def _service_folders(sources: Sequence[Source]) -> tuple[tuple[str, int], ...]:
    whole: Counter[str] = Counter()
    for source in sources:
        whole.update(dict(source.service_folders))
    return tuple(sorted(whole.items()))


def _floats(each: Sequence[FloatImages]) -> FloatImages | None:
    if not each:
        return None
    return FloatImages(sum(f.images for f in each), min(f.first for f in each))


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


def _merged_selection(selections: Sequence[Selection]) -> Selection:
    """Return the selection of results that were measured with the same conditions.

    What is not known of one of them (transparent pixels, in version 1) is not known of all.
    """
    excluded = [each.excluded for each in selections if each.excluded]
    transparent = [each.transparent for each in selections]
    known = [number for number in transparent if number is not None]
    return replace(
        selections[0],
        excluded=tuple(map(sum, zip(*excluded, strict=True))),
        empty=sum(each.empty for each in selections),
        transparent=sum(known) if len(known) == len(transparent) else None,
    )


def _merged_sample(results: Sequence[Stats]) -> Sample | None:
    """Return the sample of results whose samples agree; shards are of the same images found."""
    samples = [stats.sample for stats in results if stats.sample is not None]
    if not samples:
        return None
    shards = results[0].source.shards is not None
    found = samples[0].of if shards else sum(sample.of for sample in samples)
    return replace(samples[0], images=sum(sample.images for sample in samples), of=found)
