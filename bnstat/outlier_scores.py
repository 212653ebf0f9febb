"""Which images are unlike the rest of their group, and what each does to the figures.

The robust z of a value x is 0.6745·(x − median)/MAD; where more than half of the values are equal,
so that the MAD (median absolute deviation) is 0, it is (x − median)/(1.2533·mean absolute
deviation). Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993, call values beyond 3.5
outliers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bnstat.record_tables import RecordTable
from bnstat.stats import Floats
from bnstat.stats.outliers import Outlier, Outliers

THRESHOLD = 3.5
# In a smaller group nothing can be called usual.
_SMALLEST_GROUP = 5

Array = NDArray[np.float64]


def find_outliers(table: RecordTable, *, threshold: float, limit: int | None = None) -> Outliers:
    """Return the images unlike the rest of their group, the strongest first.

    Parameters
    ----------
    table
        Of all images of a set; the draws of an image are taken together.
    threshold
        Of the absolute robust z of mean, std, saturation and size.
    limit
        The most that are returned; None is all.
    """
    images = Images.of(table)
    scores = list(_scores(images))
    largest, constant = _largest(images, scores)
    chosen = _strongest(largest, threshold)
    number = len(chosen)
    chosen = chosen[:limit]
    influence = Influence.of(images)
    found = []
    for i in chosen.tolist():
        reasons = list(_reasons(scores, i, threshold, bool(constant[i])))
        found.append(_outlier(images, i, reasons, largest[i], influence))
    return Outliers(len(images.first), table.channels, threshold, number, tuple(found))


def strongest(images: Images, *, threshold: float, limit: int) -> NDArray[np.int64]:
    """Return the places of the strongest outliers among images."""
    largest, _ = _largest(images, _scores(images))
    return _strongest(largest, threshold)[:limit]


def _largest(images: Images, scores: Iterable[_Score]) -> tuple[Array, NDArray[np.bool_]]:
    """Return the largest absolute score of each image, and whether it is of one colour."""
    constant = (images.std == 0.0).all(axis=1)
    largest = np.zeros(len(images.first))
    for score in scores:
        np.maximum(largest, np.abs(score.z), out=largest)
    largest[constant] = math.inf
    return largest, constant


def _strongest(largest: Array, threshold: float) -> NDArray[np.int64]:
    chosen = np.flatnonzero(largest > threshold)
    return chosen[np.argsort(-largest[chosen], kind="stable")]


@dataclass(frozen=True)
class Images:
    """The measured images of a table, their draws taken together.

    first: the row of each image's first draw, of N; n: samples, mean, std: of shape (N, C); low,
    high: shares of the ends, NaN for floats.
    """

    table: RecordTable
    first: NDArray[np.int64]
    n: Array
    mean: Array
    std: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, table: RecordTable) -> Images:
        """Return the images of a table, of which any sample counted."""
        table = table.take(table.measured & (table.n > 0).all(axis=1))
        if not len(table):
            none = np.zeros((0, len(table.channels)))
            return cls(table, np.zeros(0, np.int64), none, none, none, none, none)
        first = np.flatnonzero(table.epoch == table.epoch[0])
        if len(first) == len(table):
            counts = table.n.astype(np.float64)
            return cls(table, first, counts, table.mean, table.std, table.low, table.high)
        n = np.add.reduceat(table.n.astype(np.float64), first)

        def pooled(values: Array) -> Array:
            return np.add.reduceat(table.n * values, first) / n

        mean = pooled(table.mean)
        away = table.mean - np.repeat(mean, np.diff([*first, len(table)]), axis=0)
        std = np.sqrt(pooled(table.std**2 + away**2))
        return cls(table, first, n, mean, std, pooled(table.low), pooled(table.high))

    def groups(self) -> list[NDArray[np.int64]]:
        """Return the places of the images of each group."""
        numbers: dict[str | None, int] = {}
        labels = (self.table.group[row] for row in self.first.tolist())
        each = (numbers.setdefault(label, len(numbers)) for label in labels)
        which = np.fromiter(each, np.int64, len(self.first))
        order = np.argsort(which, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(which[order])) + 1)

    def influences(self) -> tuple[Array, Array]:
        """Return what each image does to mean and std of the set, float64 of shape (N, C).

        The figure with the image less that without it; NaN for the only image.
        """
        total = self.n.sum(axis=0)
        mean = (self.n * self.mean).sum(axis=0) / total
        square = self.std**2 + (self.mean - mean) ** 2  # about the set's mean
        var = (self.n * square).sum(axis=0) / total
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = total - self.n
            shift = self.n * (mean - self.mean) / rest  # of the mean, when the image leaves
            left = (total * var - self.n * square) / rest - shift**2
            return -shift, np.sqrt(var) - np.sqrt(np.maximum(left, 0.0))


@dataclass(frozen=True)
class _Score:
    """The robust z of a figure for each image; what a high and a low one mean, and where."""

    z: Array
    high: str
    low: str
    where: str = ""


def _scores(images: Images) -> Iterator[_Score]:
    """Yield the scores of mean, std, saturation and size, within each group."""
    groups = images.groups()
    for c, channel in enumerate(images.table.channels):
        of = "" if len(images.table.channels) == 1 else f" in {channel}"
        for values, high, low in (
            (images.mean, "bright", "dark"),
            (images.std, "high contrast", "low contrast"),
            (images.high, "many samples of the largest value", ""),
            (images.low, "many samples of 0", ""),
        ):
            z = _robust_z(values[:, c], groups)
            yield _Score(z if low else np.maximum(z, 0.0), high, low, of)
    width, height = (
        v[images.first].astype(float) for v in (images.table.width, images.table.height)
    )
    for values, high, low in (
        (np.log(width * height), "large", "small"),
        (np.log(width / height), "wide", "tall"),
    ):
        yield _Score(_robust_z(values, groups), high, low)


def _robust_z(values: Array, groups: Sequence[NDArray[np.int64]]) -> Array:
    """Return the robust z of each value within its group; 0 where that is too small."""
    z = np.zeros(len(values))
    for own in groups:
        if len(own) >= _SMALLEST_GROUP:
            z[own] = robust_z(values[own])
    return z


def robust_z(values: Array) -> Array:
    """Return how far each value is from the median, in robust standard deviations.

    values: float64 of shape (N,). Where all are equal, or any is NaN, it is 0.
    """
    away = values - np.median(values)
    spread = np.median(np.abs(away)) / 0.6745
    if spread == 0.0:
        spread = 1.2533 * np.abs(away).mean()
    # Rounding alone must not make an outlier of one of many equal values.
    if not spread > 1e-9 * max(1.0, float(np.abs(values).max(initial=0.0))):
        return np.zeros(len(values))
    z: Array = away / spread
    return z


def _reasons(
    scores: Sequence[_Score], image: int, threshold: float, constant: bool
) -> Iterator[str]:
    """Yield what is unusual about an image, the strongest first, each in its strongest channel."""
    if constant:
        yield "one color"
    beyond = [score for score in scores if abs(score.z[image]) > threshold]
    said = set()
    for score in sorted(beyond, key=lambda score: -abs(score.z[image])):
        z = float(score.z[image])
        words = score.high if z > 0 else score.low
        if words not in said:
            said.add(words)
            yield f"{words}{score.where} (z {z:+.1f})"


def _outlier(
    images: Images, image: int, reasons: Sequence[str], score: float, influence: Influence
) -> Outlier:
    row, table = int(images.first[image]), images.table
    on_mean, on_std = influence.of_image(image)
    return Outlier(
        image=table.key[row],
        location=table.location[row],
        group=table.group[row],
        reasons=tuple(reasons),
        score=float(score),
        mean=tuple(images.mean[image].tolist()),
        std=tuple(images.std[image].tolist()),
        influence_on_mean=on_mean,
        influence_on_std=on_std,
    )


@dataclass(frozen=True)
class Influence:
    """What single images do to mean and std of a set: its figure less that without the image.

    Of integer samples in exact arithmetic, each figure rounded once; of floats in float64.
    """

    images: Images
    whole: tuple[_Sums, ...] | None
    approximate: tuple[Array, Array] | None

    @classmethod
    def of(cls, images: Images) -> Influence:
        """Return the influence of the images of a set."""
        if (images.table.scale == 1).any():
            return cls(images, None, images.influences())
        return cls(images, _sums(images.table), None)

    def of_image(self, image: int) -> tuple[Floats, Floats]:
        """Return what one image does to mean and std, per channel; 0 for the only image."""
        if self.whole is None:
            assert self.approximate is not None
            mean, std = (values[image].tolist() for values in self.approximate)
            return tuple(mean), tuple(std)
        first, table = self.images.first, self.images.table
        end = first[image + 1] if image + 1 < len(first) else len(table)
        own = _sums(table.take(np.arange(first[image], end)))
        pairs = [_difference(all_, each) for all_, each in zip(self.whole, own, strict=True)]
        return tuple(mean for mean, _ in pairs), tuple(std for _, std in pairs)


class _Sums(NamedTuple):
    """n, Σx and Σx² of a channel, x in [0, 1]."""

    n: int
    first: Fraction
    second: Fraction


def _sums(table: RecordTable) -> tuple[_Sums, ...]:
    """Return the exact sums of all rows, per channel."""
    sums = []
    for c in range(len(table.channels)):
        total = _Sums(0, Fraction(0), Fraction(0))
        for scale in np.unique(table.scale).tolist():
            rows = table.scale == scale
            columns = (table.n, table.sum, table.sum_of_squares)
            n, first, second = (_exact_sum(column[rows, c]) for column in columns)
            total = _Sums(
                total.n + n,
                total.first + Fraction(first, scale),
                total.second + Fraction(second, scale**2),
            )
        sums.append(total)
    return tuple(sums)


def _exact_sum(values: NDArray[np.int64]) -> int:
    """Return a sum of integers of at least 0 that may pass 2⁶³."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _difference(whole: _Sums, own: _Sums) -> tuple[float, float]:
    rest = _Sums(whole.n - own.n, whole.first - own.first, whole.second - own.second)
    if not rest.n:
        return 0.0, 0.0
    return float(whole.first / whole.n - rest.first / rest.n), _std(whole) - _std(rest)


def _std(sums: _Sums) -> float:
    return math.sqrt(sums.second / sums.n - (sums.first / sums.n) ** 2)
