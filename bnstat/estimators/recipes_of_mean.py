"""The recipes of a mean, the simplest first."""

from __future__ import annotations

from bnstat.estimators.image_moments import ImageMoments
from bnstat.estimators.recipe import (
    BATCH_SIZES,
    FIRST_IMAGES,
    Recipe,
    clipped,
    in_float32,
    nonzero,
    of_batches,
    of_first,
    one_of,
    over_channels,
    running,
)
from bnstat.moments import Floats


def _mean(images: ImageMoments) -> Floats:
    return images.pooled[1]


def _mean_of_means(images: ImageMoments) -> Floats:
    means: Floats = images.mean.mean(axis=0)
    return means


MEANS: tuple[Recipe, ...] = (
    Recipe("mean", "the mean of all pixels", "Σx / n", "bnstat, numpy over the whole set", _mean),
    Recipe(
        "mean",
        "the mean of the images' means",
        "mean of Σx / n of each image",
        "loops over images of different sizes",
        _mean_of_means,
    ),
    Recipe(
        "mean",
        "the mean over all channels",
        "Σx / n of all channels together",
        "transforms that take one number",
        over_channels(_mean),
    ),
    Recipe(
        "mean",
        "the mean of the samples that are not 0",
        "Σx / number of x > 0",
        "medical images, lidar and depth",
        one_of(0, nonzero),
    ),
    Recipe(
        "mean",
        "the mean of 16-bit samples clipped at 255",
        "Σ min(x, 255) / 255n",
        "Pillow's convert, torchvision's ImageFolder",
        one_of(0, clipped),
    ),
    Recipe(
        "mean",
        "the mean of the means of batches of {size}, a short last one weighing alike",
        "mean of Σx / n of each batch",
        "loops over a DataLoader",
        of_batches(_mean_of_means),
        BATCH_SIZES,
    ),
    Recipe(
        "mean",
        "the mean of all whole batches of {size}",
        "Σx / n without the last batch",
        "a DataLoader with drop_last",
        of_batches(_mean_of_means, keep_last=False),
        BATCH_SIZES,
    ),
    Recipe(
        "mean",
        "the mean of the first {size} images",
        "Σx / n of these",
        "a look at one batch, or at some images",
        of_first(_mean),
        FIRST_IMAGES,
    ),
    Recipe(
        "mean",
        "the mean of the means of the first {size} images",
        "mean of Σx / n of each of these",
        "a look at some images of different sizes",
        of_first(_mean_of_means),
        FIRST_IMAGES,
    ),
    Recipe(
        "mean",
        "the mean of sums added in float32",
        "float32 Σ of images' sums / n",
        "loops that add float32 tensors",
        one_of(0, in_float32),
    ),
    *(
        Recipe(
            "mean",
            f"BatchNorm's running mean after one epoch (momentum {momentum}, batches of {{size}})",
            "running ← (1 − m)·running + m·mean of batch, from 0",
            "models that begin with BatchNorm",
            running(0, momentum),
            (1, *BATCH_SIZES),
        )
        for momentum in (0.1, 0.01)
    ),
)
