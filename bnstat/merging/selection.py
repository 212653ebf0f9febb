"""Which pixels counted in several results together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bnstat.stats import Selection


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
