"""The recipes of a std, the simplest first."""

from __future__ import annotations

import numpy as np

from bnstat.estimators.image_moments import ImageMoments
from bnstat.estimators.recipe import (
    BATCH_SIZES,
    FIRST_IMAGES,
    Figure,
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


def _root(values: Floats) -> Floats:
    root: Floats = np.sqrt(values)
    return root


def _average(values: Floats) -> Floats:
    average: Floats = values.mean(axis=0)
    return average


def _std(images: ImageMoments) -> Floats:
    n, _, m2 = images.pooled
    return _root(m2 / n)


def _sample_std(images: ImageMoments) -> Floats:
    n, _, m2 = images.pooled
    return _root(m2 / np.where(n > 1, n - 1, np.nan))


def _mean_of_channels(figure: Figure) -> Figure:
    """Return the recipe that averages a figure of the channels to one for all of them."""

    def of_channels(images: ImageMoments) -> Floats | None:
        values = figure(images)
        return None if values is None or len(values) == 1 else values.mean(keepdims=True)

    return of_channels


def _mean_of_stds(images: ImageMoments) -> Floats:
    return _average(_root(images.var))


def _mean_of_sample_stds(images: ImageMoments) -> Floats:
    return _average(_root(images.sample_var))


def _root_of_mean_variance(images: ImageMoments) -> Floats:
    return _root(_average(images.var))


def _root_of_mean_sample_variance(images: ImageMoments) -> Floats:
    return _root(_average(images.sample_var))


def _weighing_alike(images: ImageMoments) -> Floats:
    squares = _average(images.var + images.mean**2)
    return _root(np.maximum(squares - _average(images.mean) ** 2, 0))


def _std_of_means(images: ImageMoments) -> Floats:
    return _root(images.mean.var(axis=0))


def _sample_std_of_means(images: ImageMoments) -> Floats | None:
    return images.mean.std(axis=0, ddof=1) if len(images) > 1 else None


STDS: tuple[Recipe, ...] = (
    Recipe("std", "the std of all pixels", "√(Σ(x − mean)² / n)", "bnstat, numpy.std", _std),
    Recipe(
        "std",
        "the mean of the images' stds (ddof 0)",
        "mean of √(Σ(x − image's mean)² / n)",
        "loops with numpy's std",
        _mean_of_stds,
    ),
    Recipe(
        "std",
        "the mean of the images' stds (ddof 1)",
        "mean of √(Σ(x − image's mean)² / (n − 1))",
        "loops with torch's std, as for ImageNet",
        _mean_of_sample_stds,
    ),
    Recipe(
        "std",
        "the root of the mean of the images' variances (ddof 0)",
        "√ mean of Σ(x − image's mean)² / n",
        "loops with numpy's var",
        _root_of_mean_variance,
    ),
    Recipe(
        "std",
        "the root of the mean of the images' variances (ddof 1)",
        "√ mean of Σ(x − image's mean)² / (n − 1)",
        "loops with torch's var",
        _root_of_mean_sample_variance,
    ),
    Recipe(
        "std",
        "√(E[x²] − E[x]²), images weighing alike",
        "√(mean of images' mean squares − (mean of images' means)²)",
        "loops over images of different sizes",
        _weighing_alike,
    ),
    Recipe(
        "std",
        "the std over all channels",
        "√(Σ(x − mean)² / n) of all channels together",
        "transforms that take one number",
        over_channels(_std),
    ),
    Recipe(
        "std",
        "the mean of the images' stds over all channels",
        "mean of √(Σ(x − image's mean)² / n) of all channels together",
        "loops with numpy's std of an image, for one number",
        over_channels(_mean_of_stds),
    ),
    Recipe(
        "std",
        "the std of the images' means over all channels",
        "√(mean of (image's mean − mean)²) of all channels together",
        "numpy's std of a list of means, for one number",
        over_channels(_std_of_means),
    ),
    Recipe(
        "std",
        "the mean of the channels' stds",
        "mean of √(Σ(x − mean)² / n)",
        "transforms that take one number",
        _mean_of_channels(_std),
    ),
    Recipe(
        "std",
        "the std of all pixels (ddof 1)",
        "√(Σ(x − mean)² / (n − 1))",
        "torch.std over the whole set",
        _sample_std,
    ),
    Recipe(
        "std",
        "the std of the samples that are not 0",
        "√(Σ(x − mean)² / n) of x > 0",
        "medical images, lidar and depth",
        one_of(1, nonzero),
    ),
    Recipe(
        "std",
        "the std of 16-bit samples clipped at 255",
        "√(Σ(min(x, 255) − mean)² / n) / 255",
        "Pillow's convert, torchvision's ImageFolder",
        one_of(1, clipped),
    ),
    Recipe(
        "std",
        "the std of the images' means (ddof 0)",
        "√(mean of (image's mean − mean)²)",
        "numpy's std of a list of means",
        _std_of_means,
    ),
    Recipe(
        "std",
        "the std of the images' means (ddof 1)",
        "√(Σ(image's mean − mean)² / (N − 1))",
        "torch's std of a list of means",
        _sample_std_of_means,
    ),
    *(
        Recipe("std", name.format(of), f"{formula} of each batch", in_use, figure, BATCH_SIZES)
        for name, formula, in_use, function in (
            (
                "the mean of the stds of {} (ddof 1)",
                "mean of √(Σ(x − mean)² / (n − 1))",
                "loops over a DataLoader with torch's std",
                _mean_of_sample_stds,
            ),
            (
                "the mean of the stds of {} (ddof 0)",
                "mean of √(Σ(x − mean)² / n)",
                "loops over a DataLoader with numpy's std",
                _mean_of_stds,
            ),
            (
                "the root of the mean of the variances of {} (ddof 1)",
                "√ mean of Σ(x − mean)² / (n − 1)",
                "loops over a DataLoader with torch's var",
                _root_of_mean_sample_variance,
            ),
            (
                "√(E[x²] − E[x]²) over {} weighing alike",
                "√(mean of mean squares − (mean of means)²)",
                "loops over a DataLoader",
                _weighing_alike,
            ),
        )
        for of, figure in (
            ("batches of {size}", of_batches(function)),
            ("whole batches of {size}", of_batches(function, keep_last=False)),
        )
    ),
    *(
        Recipe(
            "std",
            f"{name} of the first {{size}} images{ddof}",
            formula,
            in_use,
            of,
            FIRST_IMAGES,
        )
        for name, ddof, formula, in_use, of in (
            (
                "the std",
                "",
                "√(Σ(x − mean)² / n) of these",
                "a look at one batch, or at some images",
                of_first(_std),
            ),
            (
                "the std",
                " (ddof 1)",
                "√(Σ(x − mean)² / (n − 1)) of these",
                "a look at one batch, with torch's std",
                of_first(_sample_std),
            ),
            (
                "the mean of the stds",
                " (ddof 0)",
                "mean of √(Σ(x − image's mean)² / n)",
                "a look at some images, with numpy's std",
                of_first(_mean_of_stds),
            ),
            (
                "the mean of the stds",
                " (ddof 1)",
                "mean of √(Σ(x − image's mean)² / (n − 1))",
                "a look at some images, with torch's std",
                of_first(_mean_of_sample_stds),
            ),
        )
    ),
    Recipe(
        "std",
        "√(E[x²] − E[x]²) of sums added in float32",
        "√(float32 Σx² / n − mean²)",
        "loops that add float32 tensors",
        one_of(1, in_float32),
    ),
    *(
        Recipe(
            "std",
            f"the root of BatchNorm's running variance after one epoch (momentum {momentum}, "
            "batches of {size})",
            "running ← (1 − m)·running + m·unbiased variance of batch, from 1",
            "models that begin with BatchNorm",
            running(1, momentum),
            (1, *BATCH_SIZES),
        )
        for momentum in (0.1, 0.01)
    ),
)
