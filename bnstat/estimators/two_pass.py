"""The exact population mean and variance of every sample."""

from __future__ import annotations

import math

from bnstat.moments import Column, Records
from bnstat.result import Estimate


def two_pass(records: Records) -> Estimate:
    """Return the mean Σx / n and the population variance Σ(x − mean)² / n per channel.

    Integer samples: evaluated from exact sums in rational arithmetic, each value rounded once; the
    second pass goes over the histogram, as it were, instead of over the files. Float samples: a
    pass over the records for the mean and a second for Σ(M2ᵢ + nᵢ(meanᵢ − mean)²), with correctly
    rounded sums.
    """
    total = records.total()
    if total is not None:
        return Estimate(total.mean(), total.var())
    pairs = records.by_channel(lambda channel: _mean_and_var(records.column(channel)))
    return Estimate(tuple(mean for mean, _ in pairs), tuple(var for _, var in pairs))


def _mean_and_var(column: Column) -> tuple[float, float]:
    n = math.fsum(column.n)
    mean = math.fsum(column.n * column.mean) / n
    return mean, math.fsum(column.m2 + column.n * (column.mean - mean) ** 2) / n
