"""What BatchNorm's running values must be expected to be, and how far off that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bnstat.estimators.schedule import Schedule
from bnstat.estimators.shuffle_variance import Scatter, scatters
from bnstat.moments import Column


@dataclass(frozen=True)
class Expectation:
    """Expected running mean and variance of one channel, and their sd over shuffles."""

    mean: float
    var: float
    sd_of_mean: float
    sd_of_var: float


@dataclass(frozen=True)
class Epochs:
    """How the batches of each epoch vary over shuffles: by mean and variance; and their number."""

    images: int
    scatters: Sequence[tuple[Scatter, Scatter]]

    @classmethod
    def shuffled(cls, columns: Sequence[Column], batch_size: int) -> Epochs:
        """Shuffle one channel's images of each epoch; once, if they are the same in all."""
        images = len(columns[0].n)
        if all(column is columns[0] for column in columns):
            return cls(images, [scatters(columns[0], batch_size)] * len(columns))
        return cls(images, [scatters(column, batch_size) for column in columns])


def expectation(epochs: Epochs, schedule: Schedule) -> Expectation:
    """Return what a schedule leads to over all shuffles.

    Epochs are shuffled apart, so that their variances add.
    """
    sizes = schedule.batch_sizes(epochs.images)
    weights = schedule.batch_weights(schedule.epochs * len(sizes)).reshape(schedule.epochs, -1)
    full = int(np.count_nonzero(sizes == sizes[0]))
    (mean, of_mean), (var, of_var) = (
        np.sum(
            [
                each[i].weighted(row[:full], row[full:])
                for each, row in zip(epochs.scatters, weights, strict=True)
            ],
            axis=0,
        )
        for i in (0, 1)
    )
    size = float(mean * mean + abs(var))
    return Expectation(
        mean=float(mean),
        var=schedule.start_weight(weights.size) + float(var),
        sd_of_mean=_sd(float(of_mean), math.sqrt(size)),
        sd_of_var=_sd(float(of_var), size),
    )


def _sd(variance: float, size: float) -> float:
    """Return a standard deviation, or 0 where it is no more than rounding in values of a size."""
    sd = math.sqrt(max(variance, 0.0))
    return sd if sd > 1e-13 * size else 0.0
