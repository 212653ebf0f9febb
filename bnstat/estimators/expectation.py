"""How far BatchNorm's running values must be expected to be off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bnstat.estimators.schedule import Schedule
from bnstat.moments import Column
from bnstat.moments.table import Floats, Ints


@dataclass(frozen=True)
class Expectation:
    """Expected running mean and variance of one channel, and their sd over shuffles."""

    mean: float
    var: float
    sd_of_mean: float
    sd_of_var: float


class _Spread(NamedTuple):
    """Of all samples, mean and var; of the images' contributions yᵢ to each, S² and the bias.

    The bias of a batch's ratio is −cov(nᵢ/n̄, yᵢ) times (1/b − 1/N). `joint` is the covariance of
    the contribution to the variance with the square of that to the mean.
    """

    mean: float
    var: float
    s2_of_mean: float
    s2_of_var: float
    bias_of_mean: float
    bias_of_var: float
    joint: float


def expectation(epochs: Sequence[Column], schedule: Schedule) -> Expectation:
    """Return what a schedule leads to over all shuffles, for the images' moments in each epoch.

    The running mean is Σwᵢyᵢ over the images in random order, so its variance over shuffles is
    S²(Σwᵢ² − (Σwᵢ)²/N), with S² the variance (ddof 1) of yᵢ over the images: Cochran, Sampling
    Techniques, 3rd ed., section 2.9, for sampling without replacement. Epochs are shuffled apart,
    so their variances add. For images of unequal sizes yᵢ is (nᵢ/n̄)(meanᵢ − mean), as the batch
    mean is a ratio, with a bias: ibid., sections 6.4 and 6.8, to leading order. Likewise the
    running variance, with yᵢ = (nᵢ/n̄)(varᵢ + (meanᵢ − mean)² − var).

    The variance within a batch of b images leaves out the variance of its mean, S²(1/b − 1/N), so
    the running variance is expected to be that much too small. What it leaves out varies too, by
    2S⁴(1/b − 1/N)² for means near a normal distribution, and together with yᵢ: where batches weigh
    nearly alike, the first order above cancels and this is the most of it. docs/methods.md derives
    all of it.
    """
    images = len(epochs[0].n)
    sizes = schedule.batch_sizes(images)
    weights = schedule.batch_weights(schedule.epochs * len(sizes)).reshape(schedule.epochs, -1)
    share = weights.sum(axis=1)
    scatter = np.maximum((weights**2 / sizes).sum(axis=1) - share**2 / images, 0.0)
    short = (weights * (1 / sizes - 1 / images)).sum(axis=1)
    found = [_spread(epochs[0])] * len(epochs) if _same(epochs) else [_spread(c) for c in epochs]
    spread = _Spread(*np.array(found).T)
    var_of_var = float(scatter @ spread.s2_of_var + _left_out(weights, sizes, spread))
    return Expectation(
        mean=float(share @ spread.mean + short @ spread.bias_of_mean),
        var=float(
            schedule.start_weight(weights.size)
            + share @ spread.var
            + short @ (spread.bias_of_var - spread.s2_of_mean)
        ),
        sd_of_mean=math.sqrt(scatter @ spread.s2_of_mean),
        sd_of_var=math.sqrt(_but_for_rounding(var_of_var, float(np.sum(spread.s2_of_var)))),
    )


def _but_for_rounding(value: float, size: float) -> float:
    """Return a difference of terms of some size, or 0 where it is no more than their rounding."""
    return value if value > 1e-15 * size else 0.0


def _left_out(weights: Floats, sizes: Ints, spread: _Spread) -> float:
    # What the variance of batch means adds to the variance of the running variance.
    images, share = sizes.sum(), weights.sum(axis=1)
    alone = weights**2 * ((1 / sizes - 1 / images) ** 2 - 1 / images**2)
    squares = alone.sum(axis=1) + share**2 / images**2
    joint = (weights**2 / sizes**2).sum(axis=1) - share * (weights / sizes).sum(axis=1) / images
    return float(2.0 * squares @ spread.s2_of_mean**2 - 2.0 * joint @ spread.joint)


def _same(epochs: Sequence[Column]) -> bool:
    return all(column is epochs[0] for column in epochs)


def _spread(column: Column) -> _Spread:
    n, means, m2 = column
    mean = float(np.average(means, weights=n))
    squares = means - mean
    squares *= squares
    squares += m2 / n
    var = float(np.average(squares, weights=n))
    if len(n) == 1:
        return _Spread(mean, var, 0.0, 0.0, 0.0, 0.0, 0.0)
    share = n / n.mean()
    to_var = np.subtract(squares, var, out=squares)
    to_var *= share
    s2_of_var, bias_of_var = _covariance(to_var, to_var), -_covariance(share, to_var)
    to_mean = means - mean
    to_mean *= share
    s2_of_mean, bias_of_mean = _covariance(to_mean, to_mean), -_covariance(share, to_mean)
    joint = _covariance(np.square(to_mean, out=to_mean), to_var)
    return _Spread(mean, var, s2_of_mean, s2_of_var, bias_of_mean, bias_of_var, joint)


def _covariance(one: Floats, other: Floats) -> float:
    """Return the covariance with ddof 1, holding one array more."""
    away = one - one.mean()
    return float((away @ other - away.sum() * other.mean()) / (len(one) - 1))
