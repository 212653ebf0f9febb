"""The recipes by which people make mean and std, in one table: the simplest first.

Each is a function of the images' moments. A new recipe is a row of `RECIPES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from bnstat.estimators.schedule import Schedule
from bnstat.moments import Floats, Ints, Records
from bnstat.result.tables import RecordTable

BATCH_SIZES = tuple(2**i for i in range(1, 10))
FIRST_IMAGES = (1, 10, 100, 1000, 10_000)


@dataclass(frozen=True)
class ImageMoments:
    """n, mean and M2 of each image, float64 of shape (N, C), in the order in which they are listed.

    histogram: how often each value occurs in all of them, int64 of shape (C, scale + 1), or None.
    """

    n: Floats
    mean: Floats
    m2: Floats
    histogram: Ints | None = None
    _batches: dict[int, ImageMoments] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of_records(cls, records: Records) -> ImageMoments:
        """Return the moments of the records in which any sample counts."""
        columns = [records.column(channel) for channel in range(len(records.channels))]
        n, mean, m2 = (np.stack(each, axis=1) for each in zip(*columns, strict=True))
        some = (n > 0).all(axis=1)
        return cls(n[some], mean[some], m2[some], records.histogram)

    @classmethod
    def of_table(cls, table: RecordTable) -> ImageMoments:
        """Return the moments of the rows of a file of records in which any sample counts."""
        some = table.measured & (table.n > 0).all(axis=1)
        n = table.n[some].astype(np.float64)
        return cls(n, table.mean[some], n * table.std[some] ** 2)

    @classmethod
    def joined(cls, sets: Sequence[ImageMoments]) -> ImageMoments:
        """Return the moments of several sets of images, one after another."""
        n, mean, m2 = (np.concatenate([getattr(s, k) for s in sets]) for k in ("n", "mean", "m2"))
        counts = [s.histogram for s in sets]
        same = all(c is not None and c.shape == counts[0].shape for c in counts)  # type: ignore[union-attr]
        return cls(n, mean, m2, sum(counts) if same else None)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.n)

    def first(self, images: int) -> ImageMoments:
        """Return the first images."""
        return ImageMoments(self.n[:images], self.mean[:images], self.m2[:images])

    @cached_property
    def var(self) -> Floats:
        """The population variance of each image."""
        return self.m2 / self.n

    @cached_property
    def sample_var(self) -> Floats:
        """The variance with n − 1 of each image; NaN of a single sample."""
        return self.m2 / np.where(self.n > 1, self.n - 1, np.nan)

    @cached_property
    def pooled(self) -> tuple[Floats, Floats, Floats]:
        """n, mean and M2 of all samples together, of shape (C,)."""
        n = self.n.sum(axis=0)
        mean = (self.n * self.mean).sum(axis=0) / n
        return n, mean, (self.m2 + self.n * (self.mean - mean) ** 2).sum(axis=0)

    @cached_property
    def equal_sizes(self) -> bool:
        """Whether all images have as many samples, so that they can stand in a batch."""
        return bool((self.n == self.n[0]).all())

    def batches(self, size: int) -> ImageMoments:
        """Return the moments of batches of so many images; the last one may be short."""
        if size not in self._batches:
            self._batches[size] = self._as_batches(size)
        return self._batches[size]

    def _as_batches(self, size: int) -> ImageMoments:
        starts = np.arange(0, len(self), size)
        n = np.add.reduceat(self.n, starts)
        mean = np.add.reduceat(self.n * self.mean, starts) / n
        away = self.mean - np.repeat(mean, np.diff(np.append(starts, len(self))), axis=0)
        return ImageMoments(n, mean, np.add.reduceat(self.m2 + self.n * away**2, starts))

    def whole_batches(self, size: int) -> ImageMoments | None:
        """Return the batches without the last short one; None where there is no short one."""
        whole = len(self) // size
        return None if len(self) % size == 0 or not whole else self.batches(size).first(whole)


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


def _over_channels(images: ImageMoments) -> tuple[float, float, float] | None:
    """Return n, mean and M2 of the samples of all channels together."""
    if images.n.shape[1] == 1:
        return None
    n, mean, m2 = images.pooled
    centre = (n * mean).sum() / n.sum()
    return n.sum(), centre, (m2 + n * (mean - centre) ** 2).sum()


def _mean_over_channels(images: ImageMoments) -> Floats | None:
    pooled = _over_channels(images)
    return None if pooled is None else np.array([pooled[1]])


def _std_over_channels(images: ImageMoments) -> Floats | None:
    pooled = _over_channels(images)
    return None if pooled is None else np.array([np.sqrt(pooled[2] / pooled[0])])


def _mean_of_channels(figure: Figure) -> Figure:
    """Return the recipe that averages a figure of the channels to one for all of them."""

    def of_channels(images: ImageMoments) -> Floats | None:
        values = figure(images)
        return None if values is None or len(values) == 1 else values.mean(keepdims=True)

    return of_channels


def _root(values: Floats) -> Floats:
    root: Floats = np.sqrt(values)
    return root


def _average(values: Floats) -> Floats:
    average: Floats = values.mean(axis=0)
    return average


def _mean(images: ImageMoments) -> Floats:
    return images.pooled[1]


def _std(images: ImageMoments) -> Floats:
    n, _, m2 = images.pooled
    return _root(m2 / n)


def _sample_std(images: ImageMoments) -> Floats:
    n, _, m2 = images.pooled
    return _root(m2 / np.where(n > 1, n - 1, np.nan))


def _mean_of_means(images: ImageMoments) -> Floats:
    return _average(images.mean)


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


def _moments_of_values(counts: Ints, values: Ints) -> tuple[Floats, Floats] | None:
    """Return mean and std of so many samples of each value, in [0, 1]."""
    n = counts.sum(axis=1)
    if not n.all():
        return None
    shares = counts / n[:, np.newaxis]
    mean = shares @ values
    return mean, np.sqrt((shares * (values - mean[:, np.newaxis]) ** 2).sum(axis=1))


def _nonzero(images: ImageMoments) -> tuple[Floats, Floats] | None:
    counts = images.histogram
    if counts is None or not counts[:, 0].any():
        return None
    scale = counts.shape[1] - 1
    found = _moments_of_values(counts[:, 1:], np.arange(1, scale + 1))
    return None if found is None else (found[0] / scale, found[1] / scale)


def _clipped(images: ImageMoments) -> tuple[Floats, Floats] | None:
    counts = images.histogram
    if counts is None or counts.shape[1] <= 256:
        return None
    found = _moments_of_values(counts, np.minimum(np.arange(counts.shape[1]), 255))
    return None if found is None else (found[0] / 255, found[1] / 255)


def _figure(of: int, both: Callable[[ImageMoments], tuple[Floats, Floats] | None]) -> Figure:
    """Return the recipe of a mean (0) or a std (1) from a function that returns both."""

    def figure(images: ImageMoments) -> Floats | None:
        found = both(images)
        return None if found is None else found[of]

    return figure


def _in_float32(images: ImageMoments) -> tuple[Floats, Floats]:
    """Return mean and std from sums of images that are added one after another in float32."""
    n = images.n.sum(axis=0)
    sums = np.cumsum(images.n * images.mean, axis=0, dtype=np.float32)[-1]
    squares = images.m2 + images.n * images.mean**2
    total = np.cumsum(squares, axis=0, dtype=np.float32)[-1]
    mean = sums / n
    return mean, np.sqrt(np.maximum(total / n - mean**2, 0))


def _of_batches(figure: Figure, *, keep_last: bool = True) -> Figure:
    """Return the recipe that takes a figure of batches instead of images."""

    def of_batches(images: ImageMoments, size: int) -> Floats | None:
        if not images.equal_sizes or size >= len(images):
            return None
        batches = images.batches(size) if keep_last else images.whole_batches(size)
        return None if batches is None else figure(batches)

    return of_batches


def _of_first(figure: Figure) -> Figure:
    """Return the recipe that takes a figure of the first images alone."""

    def of_first(images: ImageMoments, size: int) -> Floats | None:
        return None if size >= len(images) else figure(images.first(size))

    return of_first


def _running(of: int, momentum: float) -> Figure:
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


_FIRST = tuple(sorted({*FIRST_IMAGES, *BATCH_SIZES}))

RECIPES: tuple[Recipe, ...] = (
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
        _mean_over_channels,
    ),
    Recipe(
        "mean",
        "the mean of the samples that are not 0",
        "Σx / number of x > 0",
        "medical images, lidar and depth",
        _figure(0, _nonzero),
    ),
    Recipe(
        "mean",
        "the mean of 16-bit samples clipped at 255",
        "Σ min(x, 255) / 255n",
        "Pillow's convert, torchvision's ImageFolder",
        _figure(0, _clipped),
    ),
    Recipe(
        "mean",
        "the mean of the means of batches of {size}, a short last one weighing alike",
        "mean of Σx / n of each batch",
        "loops over a DataLoader",
        _of_batches(_mean_of_means),
        BATCH_SIZES,
    ),
    Recipe(
        "mean",
        "the mean of all whole batches of {size}",
        "Σx / n without the last batch",
        "a DataLoader with drop_last",
        _of_batches(_mean_of_means, keep_last=False),
        BATCH_SIZES,
    ),
    Recipe(
        "mean",
        "the mean of the first {size} images",
        "Σx / n of these",
        "a look at one batch, or at some images",
        _of_first(_mean),
        _FIRST,
    ),
    Recipe(
        "mean",
        "the mean of the means of the first {size} images",
        "mean of Σx / n of each of these",
        "a look at some images of different sizes",
        _of_first(_mean_of_means),
        _FIRST,
    ),
    Recipe(
        "mean",
        "the mean of sums added in float32",
        "float32 Σ of images' sums / n",
        "loops that add float32 tensors",
        _figure(0, _in_float32),
    ),
    *(
        Recipe(
            "mean",
            f"BatchNorm's running mean after one epoch (momentum {momentum}, batches of {{size}})",
            "running ← (1 − m)·running + m·mean of batch, from 0",
            "models that begin with BatchNorm",
            _running(0, momentum),
            (1, *BATCH_SIZES),
        )
        for momentum in (0.1, 0.01)
    ),
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
        _std_over_channels,
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
        _figure(1, _nonzero),
    ),
    Recipe(
        "std",
        "the std of 16-bit samples clipped at 255",
        "√(Σ(min(x, 255) − mean)² / n) / 255",
        "Pillow's convert, torchvision's ImageFolder",
        _figure(1, _clipped),
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
            ("batches of {size}", _of_batches(function)),
            ("whole batches of {size}", _of_batches(function, keep_last=False)),
        )
    ),
    *(
        Recipe("std", f"{name} of the first {{size}} images{ddof}", formula, in_use, figure, _FIRST)
        for name, ddof, formula, in_use, figure in (
            (
                "the std",
                "",
                "√(Σ(x − mean)² / n) of these",
                "a look at one batch, or at some images",
                _of_first(_std),
            ),
            (
                "the std",
                " (ddof 1)",
                "√(Σ(x − mean)² / (n − 1)) of these",
                "a look at one batch, with torch's std",
                _of_first(_sample_std),
            ),
            (
                "the mean of the stds",
                " (ddof 0)",
                "mean of √(Σ(x − image's mean)² / n)",
                "a look at some images, with numpy's std",
                _of_first(_mean_of_stds),
            ),
            (
                "the mean of the stds",
                " (ddof 1)",
                "mean of √(Σ(x − image's mean)² / (n − 1))",
                "a look at some images, with torch's std",
                _of_first(_mean_of_sample_stds),
            ),
        )
    ),
    Recipe(
        "std",
        "√(E[x²] − E[x]²) of sums added in float32",
        "√(float32 Σx² / n − mean²)",
        "loops that add float32 tensors",
        _figure(1, _in_float32),
    ),
    *(
        Recipe(
            "std",
            f"the root of BatchNorm's running variance after one epoch (momentum {momentum}, "
            "batches of {size})",
            "running ← (1 − m)·running + m·unbiased variance of batch, from 1",
            "models that begin with BatchNorm",
            _running(1, momentum),
            (1, *BATCH_SIZES),
        )
        for momentum in (0.1, 0.01)
    ),
)
