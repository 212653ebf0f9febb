"""The recipes by which people make mean and std, in one table, and what they give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from bnstat.estimators.image_moments import (
    Figure,
    ImageMoments,
    clipped,
    first_images,
    in_batches,
    in_float32,
    in_whole_batches,
    mean,
    mean_of_channel_stds,
    mean_of_means,
    mean_of_sample_stds,
    mean_of_stds,
    nonzero,
    of_view,
    one_of,
    over_channels,
    root_of_mean_sample_variance,
    root_of_mean_variance,
    running,
    sample_std,
    sample_std_of_means,
    std,
    std_of_means,
    std_weighing_alike,
)
from bnstat.moments import Floats


class Recipe(NamedTuple):
    """A way to a mean or a std.

    name: in words, as in "mean 0.1307 is ..."; sizes: with each of which it is tried, as {size} of
    the name and second argument of `figure`, which returns the value of each channel, or one for
    all of them, or None where it has no meaning.
    """

    of: Literal["mean", "std"]
    name: str
    figure: Figure
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
RECIPES = (
    *(Recipe("mean", *row) for row in _MEANS),
    *(Recipe("std", *row) for row in _STDS),
)


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
