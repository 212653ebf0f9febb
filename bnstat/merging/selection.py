"""Which images and pixels counted in several results together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bnstat.result import Sample, Selection, Stats


def merged_selection(selections: Sequence[Selection]) -> Selection:
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


def merged_sample(results: Sequence[Stats]) -> Sample | None:
    """Return the sample of results whose samples agree; shards are of the same images found."""
    samples = [stats.sample for stats in results if stats.sample is not None]
    if not samples:
        return None
    shards = results[0].source.shards is not None
    found = samples[0].of if shards else sum(sample.of for sample in samples)
    return replace(samples[0], images=sum(sample.images for sample in samples), of=found)
