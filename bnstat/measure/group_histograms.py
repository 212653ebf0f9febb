"""How often each value occurs in the images of each group, added up while they are measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from bnstat.measure.groups import GroupNames, ItemNames
from bnstat.moments import ChunkMoments, Kind, Records
from bnstat.moments.histograms import Occurrences
from bnstat.result.quantiles import Distribution, Occurring, added, distribution_figures
from bnstat.sources.items import Membership


class GroupHistograms:
    """Histograms of 8- and 16-bit images by group and kind; the values that do not occur take none.

    names: of the groups; those of a dataset's items come with what was measured of them.
    """

    def __init__(self, names: GroupNames) -> None:
        self._names = names
        self._found: dict[str, dict[Kind, Occurrences | None]] = defaultdict(dict)

    def add(
        self,
        keys: Sequence[bytes],
        moments: ChunkMoments,
        memberships: Mapping[int, Membership],
    ) -> None:
        """Add the images of a chunk; the histogram of each must have been kept."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row in dict.fromkeys(moments.rows):
            drawn = isinstance(self._names, ItemNames)
            name = str(memberships[row].group) if drawn else self._names(keys[row])
            rows[name].append(row)
        for name, own in rows.items():
            share, kinds = moments.take(own), self._found[name]
            if share is None or share.histogram is None:
                kinds[moments.kind] = None
                continue
            more = Occurrences.of(share.histogram)
            before = kinds.get(moments.kind)
            kinds[moments.kind] = _joined(before, more) if before is not None else more

    def figures(self, name: str, records: Records, percentiles: Sequence[float]) -> dict[str, Any]:
        """Return percentiles and ends of a group, of the kinds that records have; if it has any."""
        own, depths = self._found[name], {kind.scale for kind in records.kinds}
        parts = [(kind, own[kind]) for kind in own.keys() & records.kinds]
        if 1 in depths or any(found is None for _, found in parts):
            return {}
        channels = [(kind.scale, _by_channel(kind, found)) for kind, found in parts if found]
        whole = added(channels, max(depths))
        known = distribution_figures(whole, records.scale, percentiles, deep=False)
        return {figure: known[figure] for figure in ("quantiles", "min", "max")}


def _joined(one: Occurrences, other: Occurrences) -> Occurrences:
    """Return what occurs in both, each value once."""
    both = Occurrences.joined([one, other])
    where, places = np.unique(both.where, return_inverse=True)
    number = np.zeros(len(where), np.int64)
    np.add.at(number, places, both.number)
    return Occurrences(where, number)


def _by_channel(kind: Kind, found: Occurrences) -> Distribution:
    values = kind.scale + 1
    ends = np.searchsorted(found.where, np.arange(len(kind.channels) + 1) * values).tolist()
    return tuple(
        Occurring(
            tuple((found.where[start:end] - channel * values).tolist()),
            tuple(found.number[start:end].tolist()),
        )
        for channel, (start, end) in enumerate(pairwise(ends))
    )
