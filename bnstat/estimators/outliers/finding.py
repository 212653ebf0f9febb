"""The images unlike the rest of their group: the strongest first, each with what it does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from bnstat.estimators.outliers.images import Array, Images
from bnstat.estimators.outliers.influence import Influence
from bnstat.estimators.outliers.scores import Score, reasons, scores
from bnstat.result.outliers import Outlier, Outliers
from bnstat.result.tables import RecordTable


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
    scored = list(scores(images))
    largest, constant = _largest(images, scored)
    chosen = _strongest(largest, threshold)
    number = len(chosen)
    chosen = chosen[:limit]
    influence = Influence.of(images)
    found = []
    for i in chosen.tolist():
        said = list(reasons(scored, i, threshold, bool(constant[i])))
        found.append(_outlier(images, i, said, largest[i], influence))
    return Outliers(len(images.first), table.channels, threshold, number, tuple(found))


def strongest(images: Images, *, threshold: float, limit: int) -> NDArray[np.int64]:
    """Return the places of the strongest outliers among images."""
    largest, _ = _largest(images, scores(images))
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
