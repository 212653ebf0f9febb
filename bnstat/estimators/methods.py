"""Records to mean and variance, by each method of `bnstat.result.METHODS`; common wrong recipes.

`two_pass` is exact. `welford` streams, in constant memory: Welford, "Note on a method for
calculating corrected sums of squares and products", Technometrics 4(3), 1962; in the pairwise form
of Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
variances", Stanford STAN-CS-79-773, 1979, equation 1.5.

`conventions` are figures that circulate as "the std" of a data set and are not. The mean of the
images' stds is most likely what ImageNet's 0.229, 0.224, 0.225 are
(https://github.com/pytorch/vision/issues/1439): it leaves out how much images differ from one
another. So does the root of the mean variance. The mean of the images' means weighs a small image
like a large one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from bnstat.estimators.batchnorm import Schedule, batchnorm
from bnstat.moments import ChannelMoments, Moments, Records
from bnstat.result import METHODS, Estimate, Floats, NoEstimateError, OverChannels


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
    return Estimate(*zip(*pairs, strict=True))


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


def _mean_and_var(column: ChannelMoments) -> tuple[float, float]:
    n = math.fsum(column.n)
    mean = math.fsum(column.n * column.mean) / n
    return mean, math.fsum(column.m2 + column.n * (column.mean - mean) ** 2) / n


_BLOCK = 4096


def welford(records: Records) -> Estimate:
    """Return the mean and population variance per channel, merged record by record in float64.

    The order is that of the keys. It shares no arithmetic with `two_pass`, so that their agreement
    means something.
    """
    pairs = records.by_channel(lambda channel: chan(_rows(records.column(channel))))
    return Estimate(*zip(*pairs, strict=True))


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


def _rows(column: ChannelMoments) -> Iterator[tuple[float, float, float]]:
    """Yield rows as Python floats, a block at a time: all at once would be 100 bytes each."""
    for start in range(0, len(column.n), _BLOCK):
        block = [values[start : start + _BLOCK].tolist() for values in column]
        yield from zip(*block, strict=True)


def conventions(records: Records) -> dict[str, Floats]:
    """Return each convention's value per channel, in [0, 1]; ddof is 0 within an image."""
    figures = records.by_channel(lambda channel: _figures(records.column(channel)))
    means, stds, roots = zip(*figures, strict=True)
    return {
        "mean_of_image_means": means,
        "mean_of_image_stds": stds,
        "root_mean_image_variance": roots,
    }


def _figures(column: ChannelMoments) -> tuple[float, float, float]:
    column = column.counted()
    var = column.m2 / column.n
    root = float(np.sqrt(var.mean()))
    return float(column.mean.mean()), float(np.sqrt(var, out=var).mean()), root


# Of each row of `bnstat.result.METHODS`, the function that makes its estimate, or raises
# `NoEstimateError` with the reason.
ESTIMATORS: dict[str, Callable[[Records, Schedule], Estimate]] = {
    "two-pass": lambda records, _: two_pass(records),
    "welford": lambda records, _: welford(records),
    "batchnorm": batchnorm,
}


def every_method(
    records: Records, schedule: Schedule
) -> tuple[dict[str, Estimate | None], dict[str, str]]:
    """Return the estimate of each method, and of those that have none, the reason."""
    found: dict[str, Estimate | None] = dict.fromkeys(METHODS)
    reasons = {}
    for name in METHODS:
        try:
            found[name] = ESTIMATORS[name](records, schedule)
        except NoEstimateError as error:
            reasons[name] = str(error)
    return found, reasons
