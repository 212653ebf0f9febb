"""What `torch.nn.BatchNorm2d` in training mode would hold, replayed from moments.

A layer sees, of each batch, its per-channel mean and variance and nothing else
(https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html), and these follow from
the moments of the batch's images. So any schedule can be replayed without decoding an image again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bnstat.moments import Column, Records
from bnstat.stats import BatchNormEstimate

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]


class TooFewSamplesError(ValueError):
    """A batch has one sample per channel: torch raises there too, as its variance is undefined."""


@dataclass(frozen=True)
class Schedule:
    """In which batches the images come.

    Attributes
    ----------
    batch_size
        Images a batch; the last, short one of an epoch is kept.
    momentum
        Weight of a new batch in (0, 1]; None averages all batches alike, as torch does.
    order
        "shuffled": each epoch by blake2b(seed, epoch, key), so that an image's place does not
        depend on how a set is split; "listed": by key.
    seed, epochs
        Of the shuffling, and how often all images are seen.
    """

    batch_size: int = 64
    momentum: float | None = 0.1
    order: str = "shuffled"
    seed: int = 0
    epochs: int = 1

    def orders(self, keys: Sequence[bytes]) -> list[Ints]:
        """Return, for each epoch, the positions of the images in the order they are seen."""
        if self.order == "listed":
            return [np.arange(len(keys))] * self.epochs
        return [_shuffled(keys, self.seed, epoch) for epoch in range(self.epochs)]

    def batch_weights(self, batches: int) -> Floats:
        """Return the weight of each batch in the final running value, float64 of (batches,)."""
        if self.momentum is None:
            return np.full(batches, 1.0 / batches)
        return self.momentum * (1.0 - self.momentum) ** np.arange(batches - 1.0, -1.0, -1.0)

    def start_weight(self, batches: int) -> float:
        """Return the weight that the initial mean 0 and variance 1 keep."""
        return 0.0 if self.momentum is None else (1.0 - self.momentum) ** batches


def batchnorm(records: Records, schedule: Schedule, *, unbiased: bool = True) -> BatchNormEstimate:
    """Return running mean and variance after `schedule`, in torch's semantics.

    running ← (1 − momentum)·running + momentum·batch, from mean 0 and variance 1. The batch
    variance that goes into the running one is the unbiased one; `unbiased=False` takes the biased
    one, as many hand-written layers do.

    Raises
    ------
    TooFewSamplesError
        If a batch has a single sample per channel.
    """
    orders = schedule.orders(records.keys())
    columns = [records.column(c) for c in range(len(records.channels))]
    running = [_running(column, orders, schedule, unbiased) for column in columns]
    batches = len(orders) * _batches_an_epoch(len(orders[0]), schedule.batch_size)
    return BatchNormEstimate(
        mean=tuple(mean for mean, _ in running),
        var=tuple(var for _, var in running),
        batch_size=schedule.batch_size,
        momentum=schedule.momentum,
        order=schedule.order,
        batches=batches,
        start_weight=schedule.start_weight(batches),
        expected_sd=expected_sd(columns, schedule),
    )


def _shuffled(keys: Sequence[bytes], seed: int, epoch: int) -> Ints:
    salt = f"{seed}/{epoch}/".encode()
    digests = b"".join(blake2b(salt + key, digest_size=8).digest() for key in keys)
    return np.argsort(np.frombuffer(digests, dtype=">u8"), kind="stable")


def _batches_an_epoch(images: int, batch_size: int) -> int:
    return -(-images // batch_size)


def _running(
    column: Column, orders: list[Ints], schedule: Schedule, unbiased: bool
) -> tuple[float, float]:
    epochs = [_batches(column, order, schedule.batch_size, unbiased) for order in orders]
    means, variances = (np.concatenate(values) for values in zip(*epochs, strict=True))
    weights, start = schedule.batch_weights(len(means)), schedule.start_weight(len(means))
    return math.fsum(weights * means), start + math.fsum(weights * variances)


def _batches(column: Column, order: Ints, batch_size: int, unbiased: bool) -> tuple[Floats, Floats]:
    """Return mean and variance of each batch of one epoch; a batch is all its images' samples."""
    n, mean, m2 = (values[order] for values in column)
    starts = np.arange(0, len(order), batch_size)
    total = np.add.reduceat(n, starts)
    if unbiased and total.min() < 2:
        raise TooFewSamplesError("a batch has one sample per channel, where BatchNorm2d raises")
    # About a value amid the data, so that a batch far from 0 loses no digits.
    centre = column.mean[0]
    batch_mean = centre + np.add.reduceat(n * (mean - centre), starts) / total
    away = mean - np.repeat(batch_mean, np.diff(np.append(starts, len(order))))
    batch_m2 = np.add.reduceat(m2 + n * away**2, starts)
    return batch_mean, batch_m2 / (total - 1 if unbiased else total)


def expected_sd(columns: Sequence[Column], schedule: Schedule) -> dict[str, tuple[float, ...]]:
    """Return how far shuffling alone moves the running mean and variance: one sd a channel.

    The running mean is Σwᵢyᵢ over the images in random order, so its variance over shuffles is
    S²(Σwᵢ² − (Σwᵢ)²/N), with S² the variance (ddof 1) of yᵢ over the images: Cochran, Sampling
    Techniques, 3rd ed., section 2.9, for sampling without replacement. Epochs are shuffled apart,
    so their variances add. For images of unequal sizes yᵢ is (nᵢ/n̄)(meanᵢ − mean): the batch mean
    is a ratio, taken to first order. Likewise the running variance, with yᵢ = (nᵢ/n̄)(varᵢ + (meanᵢ
    − mean)² − var).
    """
    spread = _spread_of_weights(len(columns[0].n), schedule)
    means, variances = zip(*(_spread_of_images(column) for column in columns), strict=True)
    return {
        "mean": tuple(math.sqrt(s * spread) for s in means),
        "var": tuple(math.sqrt(s * spread) for s in variances),
    }


def _spread_of_weights(images: int, schedule: Schedule) -> float:
    """Return Σwᵢ² − (Σwᵢ)²/N, summed over epochs; wᵢ is an image's weight in the final value."""
    per_epoch = _batches_an_epoch(images, schedule.batch_size)
    sizes = np.full(per_epoch, float(schedule.batch_size))
    sizes[-1] = images - (per_epoch - 1) * schedule.batch_size
    weights = schedule.batch_weights(per_epoch * schedule.epochs).reshape(schedule.epochs, -1)
    spread = (weights**2 / sizes).sum(axis=1) - weights.sum(axis=1) ** 2 / images
    return max(0.0, math.fsum(spread))


def _spread_of_images(column: Column) -> tuple[float, float]:
    """Return S² of the images' contributions to the mean and to the variance."""
    n, mean, m2 = column
    if len(n) == 1:
        return 0.0, 0.0
    share = n / n.mean()
    away = mean - np.average(mean, weights=n)
    square = m2 / n + away**2
    about = square - np.average(square, weights=n)
    return float(np.var(share * away, ddof=1)), float(np.var(share * about, ddof=1))
