"""The exact population mean and variance of every sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bnstat.moments import Column, Moments, Records
from bnstat.result import Estimate, OverChannels


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


def over_channels(count: Sequence[int], exact: Estimate, total: Moments | None) -> OverChannels:
    """Return mean and std of the samples of all channels together, from the `total` if it is known.

    `count` and `exact` are by channel.
    """
    if total is not None:
        sums = ((sum(each),) for each in (total.n, total.sum, total.sum_of_squares))
        whole = Moments(total.scale, *sums)
        return OverChannels(whole.mean()[0], math.sqrt(whole.var()[0]))
    n = sum(count)
    mean = math.fsum(n_c * m for n_c, m in zip(count, exact.mean, strict=True)) / n
    triples = zip(count, exact.mean, exact.var, strict=True)
    return OverChannels(
        mean, math.sqrt(math.fsum(c * (v + (m - mean) ** 2) for c, m, v in triples) / n)
    )


def _mean_and_var(column: Column) -> tuple[float, float]:
    n = math.fsum(column.n)
    mean = math.fsum(column.n * column.mean) / n
    return mean, math.fsum(column.m2 + column.n * (column.mean - mean) ** 2) / n
