"""The figures of each group of images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bnstat.estimators import two_pass
from bnstat.measure.distributions import distribution_of, packed_histogram
from bnstat.measure.groups import GroupNames, ItemNames
from bnstat.moments import ChunkMoments, Ints, Kind, Records
from bnstat.moments.histograms import Occurrences
from bnstat.result import Group
from bnstat.sources.items import Membership


class GroupHistograms:
    """Histograms of 8- and 16-bit images by group and kind; the values that do not occur take none.

    names: of the groups; those of a dataset's items come with what was measured of them.
    """

    def __init__(self, names: GroupNames) -> None:
        self._names = names
        self._found: dict[str, dict[Kind, Occurrences]] = defaultdict(dict)

    def add(
        self,
        keys: Sequence[bytes],
        moments: ChunkMoments,
        memberships: Mapping[int, Membership],
    ) -> None:
        """Add the images of a chunk; the histogram of each must have been kept."""
        if moments.histogram is None:
            return
        rows: dict[str, list[int]] = defaultdict(list)
        for row in dict.fromkeys(moments.rows):
            drawn = isinstance(self._names, ItemNames)
            name = str(memberships[row].group) if drawn else self._names(keys[row])
            rows[name].append(row)
        for name, own in rows.items():
            share, kinds = moments.take(own), self._found[name]
            if share is None or share.histogram is None:
                continue
            more = Occurrences.of(share.histogram)
            before = kinds.get(moments.kind)
            kinds[moments.kind] = more if before is None else _joined(before, more)

    def of_group(self, name: str) -> dict[Kind, Ints]:
        """Return how often each value occurs in a group: int64 of shape (C, scale + 1), by kind."""
        return {kind: _counts(kind, found) for kind, found in self._found[name].items()}


def _joined(one: Occurrences, other: Occurrences) -> Occurrences:
    """Return what occurs in both, each value once."""
    both = Occurrences.joined([one, other])
    where, places = np.unique(both.where, return_inverse=True)
    number = np.zeros(len(where), np.int64)
    np.add.at(number, places, both.number)
    return Occurrences(where, number)


def _counts(kind: Kind, found: Occurrences) -> Ints:
    counts = np.zeros((len(kind.channels), kind.scale + 1), np.int64)
    counts.reshape(-1)[found.where] = found.number
    return counts


def groups(
    records: Records,
    name_of: Callable[[bytes], str],
    histograms: GroupHistograms | None = None,
    percentiles: Sequence[float] = (),
) -> dict[str, Group]:
    """Return the figures of each group by its name; of those with any samples.

    The sums of all groups are in the unit of the whole, so that they add up to its sums. Without
    histograms there are no percentiles.
    """
    shares = {name: share for name, share in records.split(name_of).items() if all(share.count)}
    found = {}
    for name in sorted(shares):
        share = shares.pop(name)
        if histograms is not None:
            share.set_histograms(histograms.of_group(name))
        found[name] = _group(share, records.scale, percentiles)
    return found


def _group(records: Records, scale: int, percentiles: Sequence[float]) -> Group:
    own, known = records.total(), distribution_of(records, percentiles)
    total = own.at(scale) if own and (own.scale == 1) == (scale == 1) else None
    return Group(
        images=len(records),
        count=records.count,
        sum=total.sum if total else None,
        sum_of_squares=total.sum_of_squares if total else None,
        exact=two_pass(records),
        order_statistics=known["order_statistics"],
        packed_histogram=packed_histogram(records, scale),
    )
