"""The recipes by which people make mean and std, in one table, and what they give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from bnstat.estimators.batchnorm import Schedule
from bnstat.estimators.image_moments import ImageMoments
from bnstat.moments import Floats, Ints

FigureOf = Callable[..., Floats | None]
ViewOf = Callable[..., ImageMoments | None]


def of_view(view: ViewOf, figure: FigureOf) -> FigureOf:
    """Return the figure of a view of images, None where there is none of them."""

    def figure_of_view(images: ImageMoments, *size: int) -> Floats | None:
        seen = view(images, *size)
        return None if seen is None else figure(seen)

    return figure_of_view


def over_channels(images: ImageMoments) -> ImageMoments | None:
    return images.together if images.n.shape[1] > 1 else None


def in_batches(images: ImageMoments, size: int) -> ImageMoments | None:
    return images.batches(size) if images.equal_sizes and size < len(images) else None


def in_whole_batches(images: ImageMoments, size: int) -> ImageMoments | None:
    """View batches as images, without the last one, which must be short."""
    whole, rest = divmod(len(images), size)
    batches = in_batches(images, size) if rest else None
    return None if batches is None else batches.first(whole)


def first_images(images: ImageMoments, size: int) -> ImageMoments | None:
    return images.first(size) if size < len(images) else None


def _root(values: Floats) -> Floats:
    root: Floats = np.sqrt(values)
    return root


def _average(values: Floats) -> Floats:
    average: Floats = values.mean(axis=0)
    return average


def mean(images: ImageMoments) -> Floats:
    return images.pooled[1]


def mean_of_means(images: ImageMoments) -> Floats:
    return _average(images.mean)


def std(images: ImageMoments) -> Floats:
    n, _, m2 = images.pooled
    return _root(m2 / n)


def sample_std(images: ImageMoments) -> Floats:
    n, _, m2 = images.pooled
    return _root(m2 / np.where(n > 1, n - 1, np.nan))


def mean_of_channel_stds(images: ImageMoments) -> Floats | None:
    values = std(images)
    return values.mean(keepdims=True) if len(values) > 1 else None


def mean_of_stds(images: ImageMoments) -> Floats:
    return _average(_root(images.var))


def mean_of_sample_stds(images: ImageMoments) -> Floats:
    return _average(_root(images.sample_var))


def root_of_mean_variance(images: ImageMoments) -> Floats:
    return _root(_average(images.var))


def root_of_mean_sample_variance(images: ImageMoments) -> Floats:
    return _root(_average(images.sample_var))


def std_weighing_alike(images: ImageMoments) -> Floats:
    squares = _average(images.var + images.mean**2)
    return _root(np.maximum(squares - _average(images.mean) ** 2, 0))


def std_of_means(images: ImageMoments) -> Floats:
    return _root(images.mean.var(axis=0))


def sample_std_of_means(images: ImageMoments) -> Floats | None:
    return images.mean.std(axis=0, ddof=1) if len(images) > 1 else None


def nonzero(images: ImageMoments) -> tuple[Floats, Floats] | None:
    """Return mean and std of the samples that are not 0, where a histogram tells."""
    counts = images.histogram
    if counts is None or not counts[:, 0].any():
        return None
    scale = counts.shape[1] - 1
    return _moments_of_values(counts[:, 1:], np.arange(1, scale + 1), scale)


def clipped(images: ImageMoments) -> tuple[Floats, Floats] | None:
    """Return mean and std of 16-bit samples that were clipped at 255, as 8-bit ones."""
    counts = images.histogram
    if counts is None or counts.shape[1] <= 256:
        return None
    return _moments_of_values(counts, np.minimum(np.arange(counts.shape[1]), 255), 255)


def _moments_of_values(counts: Ints, values: Ints, scale: int) -> tuple[Floats, Floats] | None:
    """Return mean and std of so many samples of each value, in [0, 1]."""
    n = counts.sum(axis=1)
    if not n.all():
        return None
    shares = counts / n[:, np.newaxis]
    mean = shares @ values
    std = np.sqrt((shares * (values - mean[:, np.newaxis]) ** 2).sum(axis=1))
    return mean / scale, std / scale


def in_float32(images: ImageMoments) -> tuple[Floats, Floats]:
    """Return mean and std from sums of images that are added one after another in float32."""
    n = images.n.sum(axis=0)
    sums = np.cumsum(images.n * images.mean, axis=0, dtype=np.float32)[-1]
    squares = images.m2 + images.n * images.mean**2
    total = np.cumsum(squares, axis=0, dtype=np.float32)[-1]
    mean = sums / n
    return mean, np.sqrt(np.maximum(total / n - mean**2, 0))


def running(images: ImageMoments, size: int, momentum: float) -> tuple[Floats, Floats] | None:
    """Return BatchNorm's running mean and the root of the running variance after one epoch."""
    if not images.equal_sizes or size > len(images):
        return None
    schedule, batches = Schedule(size, momentum, "listed"), images.batches(size)
    weights, start = schedule.batch_weights(len(batches)), schedule.start_weight(len(batches))
    return weights @ batches.mean, np.sqrt(start + weights @ batches.sample_var)


def one_of(of: int, both: Callable[..., tuple[Floats, Floats] | None], **how: float) -> FigureOf:
    """Return the mean (0) or the std (1) of a function that returns both."""

    def figure(images: ImageMoments, *size: int) -> Floats | None:
        found = both(images, *size, **how)
        return None if found is None else found[of]

    return figure


class Recipe(NamedTuple):
    """A way to a mean or a std.

    name: in words, as in "mean 0.1307 is ..."; sizes: with each of which it is tried, as {size} of
    the name and second argument of `figure`, which returns the value of each channel, or one for
    all of them, or None where it has no meaning.
    """

    of: Literal["mean", "std"]
    name: str
    figure: FigureOf
    formula: str
    in_use: str
    sizes: Sequence[int] = ()


_BATCH_SIZES = tuple(2**i for i in range(1, 10))
_FIRST_IMAGES = tuple(sorted({1, 10, 100, 1000, 10_000, *_BATCH_SIZES}))
_MOMENTA = (0.1, 0.01)

# Name, figure, formula, where it is in use, sizes; the simplest first.
# fmt: off
_MEANS: tuple[tuple[Any, ...], ...] = (
    ("the mean of all pixels", mean,
     "Σx / n", "bnstat, numpy over the whole set"),
    ("the mean of the images' means", mean_of_means,
     "mean of Σx / n of each image", "loops over images of different sizes"),
    ("the mean over all channels", of_view(over_channels, mean),
     "Σx / n of all channels together", "transforms that take one number"),
    ("the mean of the samples that are not 0", one_of(0, nonzero),
     "Σx / number of x > 0", "medical images, lidar and depth"),
    ("the mean of 16-bit samples clipped at 255", one_of(0, clipped),
     "Σ min(x, 255) / 255n", "Pillow's convert, torchvision's ImageFolder"),
    ("the mean of the means of batches of {size}, a short last one weighing alike",
     of_view(in_batches, mean_of_means),
     "mean of Σx / n of each batch", "loops over a DataLoader", _BATCH_SIZES),
    ("the mean of all whole batches of {size}", of_view(in_whole_batches, mean_of_means),
     "Σx / n without the last batch", "a DataLoader with drop_last", _BATCH_SIZES),
    ("the mean of the first {size} images", of_view(first_images, mean),
     "Σx / n of these", "a look at one batch, or at some images", _FIRST_IMAGES),
    ("the mean of the means of the first {size} images", of_view(first_images, mean_of_means),
     "mean of Σx / n of each of these", "a look at some images of different sizes", _FIRST_IMAGES),
    ("the mean of sums added in float32", one_of(0, in_float32),
     "float32 Σ of images' sums / n", "loops that add float32 tensors"),
    *((f"BatchNorm's running mean after one epoch (momentum {momentum}, batches of {{size}})",
       one_of(0, running, momentum=momentum),
       "running ← (1 − m)·running + m·mean of batch, from 0",
       "models that begin with BatchNorm", (1, *_BATCH_SIZES))
      for momentum in _MOMENTA),
)
_STDS: tuple[tuple[Any, ...], ...] = (
    ("the std of all pixels", std,
     "√(Σ(x − mean)² / n)", "bnstat, numpy.std"),
    ("the mean of the images' stds (ddof 0)", mean_of_stds,
     "mean of √(Σ(x − image's mean)² / n)", "loops with numpy's std"),
    ("the mean of the images' stds (ddof 1)", mean_of_sample_stds,
     "mean of √(Σ(x − image's mean)² / (n − 1))", "loops with torch's std, as for ImageNet"),
    ("the root of the mean of the images' variances (ddof 0)", root_of_mean_variance,
     "√ mean of Σ(x − image's mean)² / n", "loops with numpy's var"),
    ("the root of the mean of the images' variances (ddof 1)", root_of_mean_sample_variance,
     "√ mean of Σ(x − image's mean)² / (n − 1)", "loops with torch's var"),
    ("√(E[x²] − E[x]²), images weighing alike", std_weighing_alike,
     "√(mean of images' mean squares − (mean of images' means)²)",
     "loops over images of different sizes"),
    ("the std over all channels", of_view(over_channels, std),
     "√(Σ(x − mean)² / n) of all channels together", "transforms that take one number"),
    ("the mean of the images' stds over all channels", of_view(over_channels, mean_of_stds),
     "mean of √(Σ(x − image's mean)² / n) of all channels together",
     "loops with numpy's std of an image, for one number"),
    ("the std of the images' means over all channels", of_view(over_channels, std_of_means),
     "√(mean of (image's mean − mean)²) of all channels together",
     "numpy's std of a list of means, for one number"),
    ("the mean of the channels' stds", mean_of_channel_stds,
     "mean of √(Σ(x − mean)² / n)", "transforms that take one number"),
    ("the std of all pixels (ddof 1)", sample_std,
     "√(Σ(x − mean)² / (n − 1))", "torch.std over the whole set"),
    ("the std of the samples that are not 0", one_of(1, nonzero),
     "√(Σ(x − mean)² / n) of x > 0", "medical images, lidar and depth"),
    ("the std of 16-bit samples clipped at 255", one_of(1, clipped),
     "√(Σ(min(x, 255) − mean)² / n) / 255", "Pillow's convert, torchvision's ImageFolder"),
    ("the std of the images' means (ddof 0)", std_of_means,
     "√(mean of (image's mean − mean)²)", "numpy's std of a list of means"),
    ("the std of the images' means (ddof 1)", sample_std_of_means,
     "√(Σ(image's mean − mean)² / (N − 1))", "torch's std of a list of means"),
    *((name.format(batches), of_view(view, figure), f"{formula} of each batch", in_use,
       _BATCH_SIZES)
      for name, figure, formula, in_use in (
          ("the mean of the stds of {} (ddof 1)", mean_of_sample_stds,
           "mean of √(Σ(x − mean)² / (n − 1))", "loops over a DataLoader with torch's std"),
          ("the mean of the stds of {} (ddof 0)", mean_of_stds,
           "mean of √(Σ(x − mean)² / n)", "loops over a DataLoader with numpy's std"),
          ("the root of the mean of the variances of {} (ddof 1)", root_of_mean_sample_variance,
           "√ mean of Σ(x − mean)² / (n − 1)", "loops over a DataLoader with torch's var"),
          ("√(E[x²] − E[x]²) over {} weighing alike", std_weighing_alike,
           "√(mean of mean squares − (mean of means)²)", "loops over a DataLoader"),
      )
      for batches, view in (
          ("batches of {size}", in_batches), ("whole batches of {size}", in_whole_batches)
      )),
    ("the std of the first {size} images", of_view(first_images, std),
     "√(Σ(x − mean)² / n) of these", "a look at one batch, or at some images", _FIRST_IMAGES),
    ("the std of the first {size} images (ddof 1)", of_view(first_images, sample_std),
     "√(Σ(x − mean)² / (n − 1)) of these", "a look at one batch, with torch's std", _FIRST_IMAGES),
    ("the mean of the stds of the first {size} images (ddof 0)",
     of_view(first_images, mean_of_stds),
     "mean of √(Σ(x − image's mean)² / n)", "a look at some images, with numpy's std",
     _FIRST_IMAGES),
    ("the mean of the stds of the first {size} images (ddof 1)",
     of_view(first_images, mean_of_sample_stds),
     "mean of √(Σ(x − image's mean)² / (n − 1))", "a look at some images, with torch's std",
     _FIRST_IMAGES),
    ("√(E[x²] − E[x]²) of sums added in float32", one_of(1, in_float32),
     "√(float32 Σx² / n − mean²)", "loops that add float32 tensors"),
    *((f"the root of BatchNorm's running variance after one epoch (momentum {momentum}, "
       "batches of {size})",
       one_of(1, running, momentum=momentum),
       "running ← (1 − m)·running + m·unbiased variance of batch, from 1",
       "models that begin with BatchNorm", (1, *_BATCH_SIZES))
      for momentum in _MOMENTA),
)
# fmt: on
RECIPES = (*(Recipe("mean", *row) for row in _MEANS), *(Recipe("std", *row) for row in _STDS))


class Candidate(NamedTuple):
    """A recipe's name with its size, and what it gives."""

    recipe: Recipe
    name: str
    values: Floats


def candidates(of: str, images: ImageMoments) -> Iterator[Candidate]:
    """Yield what the recipes of mean or std give, the simplest first."""
    for recipe in RECIPES:
        if recipe.of != of:
            continue
        for size in recipe.sizes or (None,):
            values = recipe.figure(images) if size is None else recipe.figure(images, size)
            if values is not None and np.isfinite(values).all():
                yield Candidate(recipe, recipe.name.format(size=f"{size or 0:,}"), values)
