"""What recipes need of images: the moments of each, views of them, and figures of a view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bnstat.estimators.batchnorm import Schedule
from bnstat.moments import Floats, Ints, Records
from bnstat.result.tables import RecordTable


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
        own = records.max_value is None  # or else its values are in other units
        return cls(n[some], mean[some], m2[some], records.histogram if own else None)

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
    def together(self) -> ImageMoments:
        """The moments of each image over all of its channels, as those of one."""
        n = self.n.sum(axis=1, keepdims=True)
        mean = (self.n * self.mean).sum(axis=1, keepdims=True) / n
        m2 = (self.m2 + self.n * (self.mean - mean) ** 2).sum(axis=1, keepdims=True)
        return ImageMoments(n, mean, m2)

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


Figure = Callable[..., Floats | None]
View = Callable[..., ImageMoments | None]


def of_view(view: View, figure: Figure) -> Figure:
    """Return the figure of a view of images, None where there is none of them."""

    def figure_of_view(images: ImageMoments, *size: int) -> Floats | None:
        seen = view(images, *size)
        return None if seen is None else figure(seen)

    return figure_of_view


def over_channels(images: ImageMoments) -> ImageMoments | None:
    """View all channels as if they were one."""
    return images.together if images.n.shape[1] > 1 else None


def in_batches(images: ImageMoments, size: int) -> ImageMoments | None:
    """View batches as images."""
    return images.batches(size) if images.equal_sizes and size < len(images) else None


def in_whole_batches(images: ImageMoments, size: int) -> ImageMoments | None:
    """View batches as images, without the last one, which must be short."""
    whole, rest = divmod(len(images), size)
    batches = in_batches(images, size) if rest else None
    return None if batches is None else batches.first(whole)


def first_images(images: ImageMoments, size: int) -> ImageMoments | None:
    """View some of the images alone."""
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


def one_of(of: int, both: Callable[..., tuple[Floats, Floats] | None], **how: float) -> Figure:
    """Return the mean (0) or the std (1) of a function that returns both."""

    def figure(images: ImageMoments, *size: int) -> Floats | None:
        found = both(images, *size, **how)
        return None if found is None else found[of]

    return figure
