"""Which images are unlike the rest of their group, by the robust z of their figures.

The robust z of a value x is 0.6745·(x − median)/MAD; where more than half of the values are equal,
so that the MAD (median absolute deviation) is 0, it is (x − median)/(1.2533·mean absolute
deviation). Iglewicz and Hoaglin, *How to Detect and Handle Outliers*, 1993, call values beyond 3.5
outliers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bnstat.estimators.influence import Array, Images, Influence
from bnstat.result.found_images import Outlier, Outliers
from bnstat.result.tables import RecordTable

THRESHOLD = 3.5
# In a smaller group nothing can be called usual.
_SMALLEST_GROUP = 5


@dataclass(frozen=True)
class Score:
    """The robust z of a figure for each image; what a high and a low one mean, and where."""

    z: Array
    high: str
    low: str
    where: str = ""


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
    scored = list(_scores(images))
    largest, constant = _largest(images, scored)
    chosen = _strongest(largest, threshold)
    number = len(chosen)
    chosen = chosen[:limit]
    influence = Influence.of(images)
    found = []
    for i in chosen.tolist():
        said = list(_reasons(scored, i, threshold, bool(constant[i])))
        found.append(_outlier(images, i, said, largest[i], influence))
    return Outliers(len(images.first), table.channels, threshold, number, tuple(found))


def strongest(images: Images, *, threshold: float, limit: int) -> NDArray[np.int64]:
    """Return the places of the strongest outliers among images."""
    largest, _ = _largest(images, _scores(images))
    return _strongest(largest, threshold)[:limit]


def _largest(images: Images, scored: Iterable[Score]) -> tuple[Array, NDArray[np.bool_]]:
    """Return the largest absolute score of each image, and whether it is of one colour."""
    constant = (images.std == 0.0).all(axis=1)
    largest = np.zeros(len(images.first))
    for score in scored:
        np.maximum(largest, np.abs(score.z), out=largest)
    largest[constant] = math.inf
    return largest, constant


def _strongest(largest: Array, threshold: float) -> NDArray[np.int64]:
    chosen = np.flatnonzero(largest > threshold)
    return chosen[np.argsort(-largest[chosen], kind="stable")]


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


def _scores(images: Images) -> Iterator[Score]:
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
            yield Score(z if low else np.maximum(z, 0.0), high, low, of)
    width, height = (
        v[images.first].astype(float) for v in (images.table.width, images.table.height)
    )
    for values, high, low in (
        (np.log(width * height), "large", "small"),
        (np.log(width / height), "wide", "tall"),
    ):
        yield Score(_robust_z(values, groups), high, low)


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
    scored: Sequence[Score], image: int, threshold: float, constant: bool
) -> Iterator[str]:
    """Yield what is unusual about an image, the strongest first, each in its strongest channel."""
    if constant:
        yield "one color"
    beyond = [score for score in scored if abs(score.z[image]) > threshold]
    said = set()
    for score in sorted(beyond, key=lambda score: -abs(score.z[image])):
        z = float(score.z[image])
        words = score.high if z > 0 else score.low
        if words not in said:
            said.add(words)
            yield f"{words}{score.where} (z {z:+.1f})"
