"""What `torch.nn.BatchNorm2d` in training mode would hold, replayed from moments.

A layer sees, of each batch, its per-channel mean and variance and nothing else
(https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html), and these follow from
the moments of the batch's images. So any schedule can be replayed without decoding an image again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bnstat.estimators.expectation import Epochs, Expectation, expectation
from bnstat.estimators.no_estimate import NoEstimateError
from bnstat.estimators.schedule import Schedule
from bnstat.moments import Column, Records
from bnstat.moments.table import Floats, Ints
from bnstat.result import BatchNormEstimate


class TooFewSamplesError(NoEstimateError):
    """A batch has one sample per channel: torch raises there too, as its variance is undefined."""


def batchnorm(records: Records, schedule: Schedule, *, unbiased: bool = True) -> BatchNormEstimate:
    """Return running mean and variance after `schedule`, in torch's semantics.

    running ← (1 − momentum)·running + momentum·batch, from mean 0 and variance 1. The batch
    variance that goes into the running one is the unbiased one; `unbiased=False` takes the biased
    one, as many hand-written layers do.

    Raises
    ------
    NoEstimateError
        If pixels were selected.
    TooFewSamplesError
        If a batch has a single sample per channel.
    """
    if records.selected:
        raise NoEstimateError("pixels were selected, and the layer would see all of them")
    running = running_values(records, schedule, unbiased=unbiased)
    expected = records.by_channel(lambda channel: _expected(records, channel, schedule))
    batches = schedule.epochs * len(schedule.batch_sizes(len(records)))
    return BatchNormEstimate(
        mean=tuple(mean for mean, _ in running),
        var=tuple(var for _, var in running),
        batch_size=schedule.batch_size,
        momentum=schedule.momentum,
        order=schedule.order,
        batches=batches,
        start_weight=schedule.start_weight(batches),
        expected={
            "mean": tuple(each.mean for each in expected),
            "var": tuple(each.var for each in expected),
        },
        expected_sd={
            "mean": tuple(each.sd_of_mean for each in expected),
            "var": tuple(each.sd_of_var for each in expected),
        },
    )


def running_values(
    records: Records, schedule: Schedule, *, unbiased: bool = True
) -> list[tuple[float, float]]:
    """Return the running mean and variance of each channel after `schedule`, as `batchnorm` does.

    Raises
    ------
    TooFewSamplesError
        If a batch has a single sample per channel.
    """
    orders = schedule.orders(records.keys())
    return records.by_channel(
        lambda c: _running(epochs_of(records, c, schedule.epochs), orders, schedule, unbiased)
    )


def _expected(records: Records, channel: int, schedule: Schedule) -> Expectation:
    epochs = epochs_of(records, channel, schedule.epochs)
    return expectation(Epochs.shuffled(epochs, schedule.batch_size), schedule)


def epochs_of(records: Records, channel: int, epochs: int) -> list[Column]:
    """Return the images' moments in each epoch: drawn anew in each, or the same in all."""
    column = records.column(channel)
    if records.draws == 1:
        return [column] * epochs
    return [
        Column(*(values[epoch :: records.draws] for values in column)) for epoch in range(epochs)
    ]


def _running(
    epochs: Sequence[Column], orders: Sequence[Ints], schedule: Schedule, unbiased: bool
) -> tuple[float, float]:
    batches = [
        moments_of_batches(column, order, schedule.batch_size, unbiased=unbiased)
        for column, order in zip(epochs, orders, strict=True)
    ]
    means, variances = (np.concatenate(values) for values in zip(*batches, strict=True))
    weights, start = schedule.batch_weights(len(means)), schedule.start_weight(len(means))
    return math.fsum(weights * means), start + math.fsum(weights * variances)


def moments_of_batches(
    column: Column, order: Ints, batch_size: int, *, unbiased: bool = True
) -> tuple[Floats, Floats]:
    """Return mean and variance of each batch of one epoch; a batch is all its images' samples."""
    starts = np.arange(0, len(order), min(batch_size, len(order)))
    n = column.n[order]
    total = np.add.reduceat(n, starts)
    if unbiased and total.min() < 2:
        raise TooFewSamplesError("a batch has one sample per channel, where BatchNorm2d raises")
    # About a value amid the data, so that a batch far from 0 loses no digits.
    centre = column.mean[0]
    away = column.mean[order] - centre
    batch_mean = np.add.reduceat(n * away, starts) / total
    away -= np.repeat(batch_mean, np.diff(np.append(starts, len(order))))
    away *= away
    away *= n
    away += column.m2[order]
    batch_m2 = np.add.reduceat(away, starts)
    return centre + batch_mean, batch_m2 / (total - 1 if unbiased else total)
