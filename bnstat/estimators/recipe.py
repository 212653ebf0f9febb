"""What a recipe is, and what recipes of mean and std have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from bnstat.estimators.image_moments import ImageMoments
from bnstat.estimators.schedule import Schedule
from bnstat.moments import Floats, Ints

BATCH_SIZES = tuple(2**i for i in range(1, 10))
FIRST_IMAGES = tuple(sorted({1, 10, 100, 1000, 10_000, *BATCH_SIZES}))

Figure = Callable[..., Floats | None]


class Recipe(NamedTuple):
    """A way to a mean or a std.

    name: in words, as in "mean 0.1307 is ..."; sizes: with each of which it is tried, as {size} of
    the name and second argument of `figure`, which returns the value of each channel, or one for
    all of them, or None where it has no meaning.
    """

    of: Literal["mean", "std"]
    name: str
    formula: str
    in_use: str
    figure: Figure
    sizes: Sequence[int] = ()


def over_channels(figure: Figure) -> Figure:
    """Return the recipe that takes a figure of all channels together, as if they were one."""

    def over_channels(images: ImageMoments) -> Floats | None:
        return None if images.n.shape[1] == 1 else figure(images.together)

    return over_channels


def _moments_of_values(counts: Ints, values: Ints) -> tuple[Floats, Floats] | None:
    """Return mean and std of so many samples of each value, in [0, 1]."""
    n = counts.sum(axis=1)
    if not n.all():
        return None
    shares = counts / n[:, np.newaxis]
    mean = shares @ values
    return mean, np.sqrt((shares * (values - mean[:, np.newaxis]) ** 2).sum(axis=1))


def nonzero(images: ImageMoments) -> tuple[Floats, Floats] | None:
    """Return mean and std of the samples that are not 0, where a histogram tells."""
    counts = images.histogram
    if counts is None or not counts[:, 0].any():
        return None
    scale = counts.shape[1] - 1
    found = _moments_of_values(counts[:, 1:], np.arange(1, scale + 1))
    return None if found is None else (found[0] / scale, found[1] / scale)


def clipped(images: ImageMoments) -> tuple[Floats, Floats] | None:
    """Return mean and std of 16-bit samples that were clipped at 255, as 8-bit ones."""
    counts = images.histogram
    if counts is None or counts.shape[1] <= 256:
        return None
    found = _moments_of_values(counts, np.minimum(np.arange(counts.shape[1]), 255))
    return None if found is None else (found[0] / 255, found[1] / 255)


def one_of(of: int, both: Callable[[ImageMoments], tuple[Floats, Floats] | None]) -> Figure:
    """Return the recipe of a mean (0) or a std (1) from a function that returns both."""

    def figure(images: ImageMoments) -> Floats | None:
        found = both(images)
        return None if found is None else found[of]

    return figure


def in_float32(images: ImageMoments) -> tuple[Floats, Floats]:
    """Return mean and std from sums of images that are added one after another in float32."""
    n = images.n.sum(axis=0)
    sums = np.cumsum(images.n * images.mean, axis=0, dtype=np.float32)[-1]
    squares = images.m2 + images.n * images.mean**2
    total = np.cumsum(squares, axis=0, dtype=np.float32)[-1]
    mean = sums / n
    return mean, np.sqrt(np.maximum(total / n - mean**2, 0))


def of_batches(figure: Figure, *, keep_last: bool = True) -> Figure:
    """Return the recipe that takes a figure of batches instead of images."""

    def of_batches(images: ImageMoments, size: int) -> Floats | None:
        if not images.equal_sizes or size >= len(images):
            return None
        batches = images.batches(size) if keep_last else images.whole_batches(size)
        return None if batches is None else figure(batches)

    return of_batches


def of_first(figure: Figure) -> Figure:
    """Return the recipe that takes a figure of the first images alone."""

    def of_first(images: ImageMoments, size: int) -> Floats | None:
        return None if size >= len(images) else figure(images.first(size))

    return of_first


def running(of: int, momentum: float) -> Figure:
    """Return the recipe of BatchNorm's running mean (0), or root of the running variance (1)."""

    def running(images: ImageMoments, size: int) -> Floats | None:
        if not images.equal_sizes or size > len(images):
            return None
        schedule, batches = Schedule(size, momentum, "listed"), images.batches(size)
        weights = schedule.batch_weights(len(batches))
        if of == 0:
            return weights @ batches.mean
        return np.sqrt(schedule.start_weight(len(batches)) + weights @ batches.sample_var)

    return running
