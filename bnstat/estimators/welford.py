"""Streaming mean and variance in constant memory.

Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics
4(3), 1962; in the pairwise form of Chan, Golub and LeVeque, "Updating formulae and a pairwise
algorithm for computing sample variances", Stanford STAN-CS-79-773, 1979, equation 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bnstat.moments import Column, Records
from bnstat.result import Estimate

_BLOCK = 4096


def welford(records: Records) -> Estimate:
    """Return the mean and population variance per channel, merged record by record in float64.

    The order is that of the keys. It shares no arithmetic with `two_pass`, so that their agreement
    means something.
    """
    pairs = records.by_channel(lambda channel: chan(_rows(records.column(channel))))
    return Estimate(tuple(mean for mean, _ in pairs), tuple(var for _, var in pairs))


def chan(rows: Iterable[tuple[float, float, float]]) -> tuple[float, float]:
    """Return mean and variance of disjoint sets of samples together, from n, mean and M2 of each.

    They are merged in float64, one after another; n is above 0.
    """
    n = mean = m2 = 0.0
    for n_b, mean_b, m2_b in rows:
        if n_b == 0.0:  # nothing of the image counts
            continue
        total = n + n_b
        delta = mean_b - mean
        mean += delta * (n_b / total)
        m2 += m2_b + delta * delta * (n * n_b / total)
        n = total
    return mean, m2 / n


def _rows(column: Column) -> Iterator[tuple[float, float, float]]:
    """Yield rows as Python floats, a block at a time: all at once would be 100 bytes each."""
    for start in range(0, len(column.n), _BLOCK):
        block = [values[start : start + _BLOCK].tolist() for values in column]
        yield from zip(*block, strict=True)
