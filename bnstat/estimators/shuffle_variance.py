"""How the batches of an epoch vary over shuffles of its images, found by shuffling.

A figure of a batch, its mean or its variance, is a ratio of sums over its images. Where images have
unequal sizes, large ones decide their batches, and no formula of a few terms tells how such a ratio
varies. So shuffles are replayed, by a generator whose seed and stream never change.

Full batches are exchangeable: X_b = X̄ + e_b, with X̄ their average within a shuffle, and e_b that do
not correlate with X̄ and add up to 0. So the variance over shuffles of Σ w_b·X_b is

    (Σw)²·Var(X̄) + Σ(w − w̄)²·E[S²],

S² being the variance (ddof 1) of the full batches within a shuffle: for any weights, exactly.

Of a large set, blocks of a few thousand images are shuffled, each drawn from all. E[S²] is the same
in a block. It is κ + L/b at b images a batch: L is of what single images add to a figure, which
cancels in an average over all images, and κ of what does not cancel, so that over B batches of all
images Var(X̄) = κ·(1 − 1/B)/B. The blocks tell κ by this formula, and then L.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from bnstat.moments import ChannelMoments, Floats, Ints

# So many shuffles tell a standard deviation to within 4 %.
SHUFFLES = 400
SHUFFLES_OF_A_BLOCK = 8
# A block has this many images, or this many batches if that is more.
IMAGES_OF_A_BLOCK, BATCHES_OF_A_BLOCK = 4096, 4


@dataclass(frozen=True)
class ShuffleVariance:
    """How one figure of the batches of an epoch varies over shuffles.

    centre: expected figure of a full batch, and of a short last one, (2,); between: covariance of
    the average of the full batches and of the short one, (2, 2); within: expected variance (ddof 1)
    of the full batches of a shuffle.
    """

    centre: Floats
    between: Floats
    within: float

    def weighted(self, full: Floats, short: Floats) -> tuple[float, float]:
        """Return mean and variance over shuffles of the sum of batches with these weights."""
        totals = np.array([full.sum(), short.sum()])
        unequal = float(np.square(full - full.mean()).sum())
        variance = float(totals @ self.between @ totals) + unequal * self.within
        return float(totals @ self.centre), variance


def shuffle_variances(
    column: ChannelMoments, batch_size: int, seen: int
) -> tuple[ShuffleVariance, ShuffleVariance]:
    """Return how mean and unbiased variance of an epoch's batches vary over shuffles.

    An epoch has the first `seen` of the shuffled images; of more than there are, the first come
    again.
    """
    images = len(column.n)
    size = min(batch_size, seen)
    origin = float(np.average(column.mean, weights=column.n))
    away = column.mean - origin
    sums = np.stack([column.n, column.n * away, column.m2 + column.n * away * away])
    block = max(IMAGES_OF_A_BLOCK // size, BATCHES_OF_A_BLOCK) * size
    mean, var = (
        _of_all(sums, size, seen) if images < block + size else _of_blocks(sums, size, block, seen)
    )
    return ShuffleVariance(mean.centre + origin, mean.between, mean.within), var


def _of_all(sums: Floats, size: int, seen: int) -> list[ShuffleVariance]:
    """Return the variation of mean and variance over shuffles of all images."""
    images, random = sums.shape[1], RandomState(0)
    full, at_once = seen // size, max(1, IMAGES_OF_A_BLOCK // images)
    places = np.arange(seen) % images
    found = []
    for start in range(0, SHUFFLES, at_once):
        orders = _orders(random, images, min(at_once, SHUFFLES - start))
        found.append(_figures(_batches(np.take(sums, orders[:, places], axis=1), size)))
    figures = np.concatenate(found, axis=1)
    average = figures[..., :full].mean(axis=2)
    short = figures[..., full] if seen % size else np.zeros_like(average)
    within = _variance(figures[..., :full])
    return [
        ShuffleVariance(np.array([a.mean(), s.mean()]), np.cov(a, s), float(spread))
        for a, s, spread in zip(average, short, within, strict=True)
    ]


def _of_blocks(sums: Floats, size: int, block: int, seen: int) -> list[ShuffleVariance]:
    """Return the variation of mean and variance, from shuffles of blocks of a large set."""
    images, batches = sums.shape[1], block // size
    full, rest = divmod(seen, size)
    unseen = max(0, images - full * size)  # of full batches
    whole, short = _figures_of_blocks(sums, size, block, rest)
    within = _variance(whole)
    kappa = whole.mean(axis=-1).var(axis=-1, ddof=1).mean(axis=-1) * batches**2 / (batches - 1)
    linear = size * np.maximum(within - kappa, 0.0)
    average = kappa * (1 - size / images) / full + linear * unseen / (size * full * images)
    joint = -linear / images
    between = np.array([[average, joint], [joint, _variance(short)]])
    bias = np.array(
        [
            whole.mean(axis=(1, 2, 3)) * (1 - size / images) / (1 - size / block),
            short.mean(axis=(1, 2, 3)) * (1 - rest / images) / (1 - rest / block),
        ]
    )
    centre = _figures(sums.sum(axis=1)) + bias
    return [ShuffleVariance(centre[:, i], between[..., i], float(within[i])) for i in range(2)]


def _figures_of_blocks(sums: Floats, size: int, block: int, rest: int) -> tuple[Floats, Floats]:
    """Return the figures of batches in blocks, less those of the block itself.

    The second are of the first `rest` images of each batch, as short batches are; 0 of none. Both
    have shape (2, blocks, shuffles, batches).
    """
    random, whole, short = RandomState(0), [], []
    for rows in _dealt(sums.shape[1], block, SHUFFLES // SHUFFLES_OF_A_BLOCK, random):
        own = np.take(sums, rows, axis=1)
        exact = _figures(own.sum(axis=1))[:, np.newaxis, np.newaxis]
        orders = _orders(random, block, SHUFFLES_OF_A_BLOCK)
        drawn = np.take(own, orders, axis=1).reshape(3, SHUFFLES_OF_A_BLOCK, -1, size)
        whole.append(_figures(drawn.sum(axis=3)) - exact)
        if rest:
            short.append(_figures(drawn[..., :rest].sum(axis=3)) - exact)
    found = np.stack(whole, axis=1)
    return found, np.stack(short, axis=1) if rest else np.zeros_like(found)


def _dealt(images: int, block: int, blocks: int, random: RandomState) -> Iterator[Ints]:
    """Yield the rows of random blocks; blocks of one deal are disjoint."""
    for number in range(blocks):
        place = number % (images // block)
        if place == 0:
            deal = random.permutation(images)
        yield deal[place * block : (place + 1) * block]


def _orders(random: RandomState, images: int, shuffles: int) -> Ints:
    return np.array([random.permutation(images) for _ in range(shuffles)])


def _batches(sums: Floats, size: int) -> Floats:
    """Return the sums of batches, (3, shuffles, batches), of images in the order of shuffles."""
    full = sums.shape[2] // size * size
    whole: Floats = sums[..., :full].reshape(3, len(sums[0]), -1, size).sum(axis=3)
    if full == sums.shape[2]:
        return whole
    return np.concatenate([whole, sums[..., full:].sum(axis=2, keepdims=True)], axis=2)


def _figures(sums: Floats) -> Floats:
    """Return mean and unbiased variance, (2, ...), of n, Σx and Σx², (3, ...)."""
    n, first, second = sums
    mean = first / n
    return np.stack([mean, (second - first * mean) / np.maximum(n - 1.0, 1.0)])


def _variance(figures: Floats) -> Floats:
    """Return, for each of two figures, the mean of its variances (ddof 1) along the last axis."""
    if figures.shape[-1] < 2:
        return np.zeros(2)
    variances: Floats = figures.var(axis=-1, ddof=1).reshape(2, -1).mean(axis=1)
    return variances
