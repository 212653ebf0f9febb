"""What `torch.nn.BatchNorm2d` in training mode would hold, replayed from moments.

A layer sees, of each batch, its per-channel mean and variance and nothing else
(https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html), and these follow from
the moments of the batch's images. So any schedule can be replayed without decoding an image again.
Beside what one order of the images gives stands what all orders do: the expected running values,
and their standard deviation over shuffles.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from bnstat.estimators.shuffle_variance import ShuffleVariance, shuffle_variances
from bnstat.moments import ChannelMoments, Floats, Ints, Records
from bnstat.result import BatchNormEstimate, NoEstimateError


@dataclass(frozen=True)
class Schedule:
    """In which batches the images come.

    batch_size: the last, short one of an epoch is kept; momentum: weight of a new batch in (0, 1],
    None averages all batches alike, as torch does; order: "listed", by key, or "shuffled", each
    epoch by blake2b(seed, epoch, key), so that an image's place does not depend on how a set is
    split; epochs: how often all images are seen; sizes: of batches that came one after the other,
    in place of equal ones of `batch_size`.
    """

    batch_size: int = 64
    momentum: float | None = 0.1
    order: str = "shuffled"
    seed: int = 0
    epochs: int = 1
    sizes: tuple[int, ...] = ()

    def orders(self, keys: Collection[bytes]) -> list[Ints]:
        """Return, for each epoch, the positions of the images in the order they are seen."""
        if self.order == "listed":
            return [np.arange(len(keys))] * self.epochs
        return [self._shuffled(keys, epoch) for epoch in range(self.epochs)]

    def _shuffled(self, keys: Collection[bytes], epoch: int) -> Ints:
        salt = f"{self.seed}/{epoch}/".encode()
        digests = (blake2b(salt + key, digest_size=8).digest() for key in keys)
        places = np.fromiter(map(int.from_bytes, digests), dtype=np.uint64, count=len(keys))
        return np.argsort(places, kind="stable")

    def batch_sizes(self, images: int) -> Ints:
        """Return how many images each batch of an epoch has; the last may be short."""
        if self.sizes:
            return np.array(self.sizes)
        starts = np.arange(0, images, min(self.batch_size, images))
        return np.diff(np.append(starts, images))

    def batch_weights(self, batches: int) -> Floats:
        """Return the weight of each batch in the final running value, float64 of (batches,)."""
        if self.momentum is None:
            return np.full(batches, 1.0 / batches)
        return self.momentum * (1.0 - self.momentum) ** np.arange(batches - 1.0, -1.0, -1.0)

    def start_weight(self, batches: int) -> float:
        """Return the weight that the initial mean 0 and variance 1 keep."""
        return 0.0 if self.momentum is None else (1.0 - self.momentum) ** batches


class TooFewSamplesError(NoEstimateError):
    """A batch has one sample per channel: torch raises there too, as its variance is undefined."""


def batchnorm(records: Records, schedule: Schedule) -> BatchNormEstimate:
    """Return running mean and variance after `schedule`, in torch's semantics.

    running ← (1 − momentum)·running + momentum·batch, from mean 0 and variance 1. The batch
    variance that goes into the running one is the unbiased one. NoEstimateError if pixels were
    selected; TooFewSamplesError if a batch has a single sample per channel.
    """
    if records.selected:
        raise NoEstimateError("pixels were selected, and the layer would see all of them")

    def of_channel(channel: int) -> Expectation:
        epochs = epochs_of(records, channel, schedule.epochs)
        return expectation(Epochs.shuffled(epochs, schedule.batch_size), schedule)

    mean, var = zip(*running_values(records, schedule), strict=True)
    expected = zip(*records.by_channel(of_channel), strict=True)
    expected_mean, expected_var, sd_of_mean, sd_of_var = expected
    batches = schedule.epochs * len(schedule.batch_sizes(len(records)))
    return BatchNormEstimate(
        mean=mean,
        var=var,
        batch_size=schedule.batch_size,
        momentum=schedule.momentum,
        order=schedule.order,
        batches=batches,
        start_weight=schedule.start_weight(batches),
        expected={"mean": expected_mean, "var": expected_var},
        expected_sd={"mean": sd_of_mean, "var": sd_of_var},
    )


def running_values(records: Records, schedule: Schedule) -> list[tuple[float, float]]:
    """Return running mean and variance of each channel after `schedule`, as `batchnorm` does."""
    orders, sizes = schedule.orders(records.keys()), schedule.batch_sizes(len(records))

    def of_channel(channel: int) -> tuple[float, float]:
        epochs = epochs_of(records, channel, schedule.epochs)
        means, variances = moments_of_epochs(epochs, orders, sizes)
        weights, start = schedule.batch_weights(len(means)), schedule.start_weight(len(means))
        return math.fsum(weights * means), start + math.fsum(weights * variances)

    return records.by_channel(of_channel)


def epochs_of(records: Records, channel: int, epochs: int) -> list[ChannelMoments]:
    """Return the images' moments in each epoch: drawn anew in each, or the same in all."""
    column = records.column(channel)
    if records.draws == 1:
        return [column] * epochs
    return [
        ChannelMoments(*(values[epoch :: records.draws] for values in column))
        for epoch in range(epochs)
    ]


def moments_of_epochs(
    epochs: Sequence[ChannelMoments], orders: Sequence[Ints], batch_size: int | Ints
) -> tuple[Floats, Floats]:
    """Return mean and unbiased variance of the batches of all epochs, one after another."""
    pairs = [moments_of_batches(c, o, batch_size) for c, o in zip(epochs, orders, strict=True)]
    means, variances = map(np.concatenate, zip(*pairs, strict=True))
    return means, variances


def moments_of_batches(
    column: ChannelMoments, order: Ints, batch_size: int | Ints
) -> tuple[Floats, Floats]:
    """Return mean and unbiased variance of each batch of one epoch, of equal sizes or of its own.

    A batch is all its images' samples.
    """
    if isinstance(batch_size, int):
        starts = np.arange(0, len(order), min(batch_size, len(order)))
    else:
        starts = np.cumsum(batch_size) - batch_size
    n = column.n[order]
    total = np.add.reduceat(n, starts)
    if total.min() < 2:
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
    return centre + batch_mean, batch_m2 / (total - 1)


class Expectation(NamedTuple):
    """Expected running mean and variance of one channel, and their sd over shuffles."""

    mean: float
    var: float
    sd_of_mean: float
    sd_of_var: float


@dataclass(frozen=True)
class Epochs:
    """How the batches of each epoch vary over shuffles, by mean and variance; its images."""

    images: int
    variances: Sequence[tuple[ShuffleVariance, ShuffleVariance]]

    @classmethod
    def shuffled(
        cls, columns: Sequence[ChannelMoments], batch_size: int, seen: int | None = None
    ) -> Epochs:
        """Shuffle one channel's images of each epoch; once, if they are the same in all.

        An epoch has the first `seen` of them, by default all.
        """
        images = len(columns[0].n) if seen is None else seen
        if all(column is columns[0] for column in columns):
            return cls(images, [shuffle_variances(columns[0], batch_size, images)] * len(columns))
        return cls(images, [shuffle_variances(column, batch_size, images) for column in columns])


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
                for each, row in zip(epochs.variances, weights, strict=True)
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
