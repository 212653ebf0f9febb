"""Which images are unlike the rest of their group, by their figures taken together.

Each figure is measured from the group's median in spreads of its own side, z: the largest of what
the quartile, the tenth and the twentieth part of that side say the standard deviation is. A skewed
figure so has two spreads, as in the adjusted boxplot (Hubert and Vandervieren, *Computational
Statistics & Data Analysis* 52, 2008), and what 5 % of the images have is usual. Beyond, z grows as
the power of the distance by which the normal quantiles of quartile and twentieth part are those of
the figure, at most linearly: in a heavy tail, as of colors, far values are no surprise (letter
values: Hoaglin in *Exploring Data Tables, Trends, and Shapes*, 1985, ch. 11). The score is
(Σ z⁴)^¼: one figure far away counts almost alone, several that are unusual add up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bnstat.estimators.outlier_figures import (
    Array,
    Figure,
    TableImages,
    figures,
    figures_of_moments,
    influence,
    size_figure,
)
from bnstat.moments import Records
from bnstat.result.found_images import Outlier, Outliers
from bnstat.result.tables import RecordTable

THRESHOLD = 4.0
# Of the images, at most so many are named unless more are expected.
EXPECTED = 0.01
# In a smaller group nothing can be called usual; in one of fewer than `_SURE` its spreads are wide.
_SMALLEST_GROUP, _SURE = 5, 20
# Images of one color are usual where so many are.
_USUAL = 0.25
# The share of values that a quantile leaves above, and the standard normal quantile.
_TAILS = ((0.25, 0.6745), (0.1, 1.2816), (0.05, 1.6449))
# Reasons beside the strongest have at least this z.
_WORTH_SAYING = 3.0

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """Of each image, (N,): its score, and whether it is of one color.

    The score of an image of one color is infinite, unless these are usual.
    """

    images: TableImages
    groups: Sequence[NDArray[np.int64]]
    score: Array
    one_color: Flags

    @classmethod
    def of(cls, images: TableImages) -> Scores:
        groups = [own for own in images.groups() if len(own) >= _SMALLEST_GROUP]
        flat = (images.std == 0.0).all(axis=1) & (images.n > 1).any(axis=1)
        one_color = _unusual(flat, groups)
        return cls(images, groups, _score(figures(images), groups, one_color), one_color)

    @property
    def expected(self) -> int:
        """How many images are outliers at most, unless it is said."""
        return math.ceil(EXPECTED * len(self.score))

    def beyond(self, threshold: float) -> NDArray[np.int64]:
        """Return the places of images whose score is above, the strongest first."""
        chosen = np.flatnonzero(self.score > threshold)
        return chosen[np.argsort(-self.score[chosen], kind="stable")]

    def strongest(self) -> NDArray[np.int64]:
        """Return the places of the outliers, no more than are expected."""
        return self.beyond(THRESHOLD)[: self.expected]

    def reasons(self, chosen: NDArray[np.int64]) -> list[Mapping[str, float]]:
        """Return what is unusual about images and the z of it, of each the strongest first.

        Figures are computed a second time: to keep all would take the memory of the table.
        """
        found: list[list[tuple[str, float]]] = [[] for _ in chosen]
        for figure in figures(self.images):
            z, usual = _within(self.groups, figure, self.one_color)
            for own, image in zip(found, chosen.tolist(), strict=True):
                words = figure.words(float(figure.values[image]), float(usual[image]))
                own.append((words, float(z[image])))
        return [
            {_color(self.images.mean[image]): math.inf} if self.one_color[image] else _worth(own)
            for own, image in zip(found, chosen.tolist(), strict=True)
        ]


def _worth(said: Sequence[tuple[str, float]]) -> Mapping[str, float]:
    """Return what is worth saying of an image: the strongest, and others far away."""
    first, *others = sorted(said, key=lambda each: -abs(each[1]))
    worth = dict([first])
    for words, z in others:
        if abs(z) >= _WORTH_SAYING:
            worth.setdefault(words, z)
    return worth


def find_outliers(
    table: RecordTable,
    *,
    threshold: float = THRESHOLD,
    expect: int | None = None,
    limit: int | None = None,
) -> Outliers:
    """Return the images unlike the rest of their group, the strongest first.

    table: of all images of a set; the draws of an image are taken together; threshold: of the
    score; expect: the most that are outliers, None is 1 % of the images; limit: the most that are
    returned, None is all.
    """
    images = TableImages.of(table)
    table, scores = images.table, Scores.of(images)
    beyond = scores.beyond(threshold)
    expect = scores.expected if expect is None else expect
    number = min(len(beyond), expect)
    chosen = beyond[:number][:limit]
    influence_of = influence(images)

    def outlier(image: int, reasons: Mapping[str, float]) -> Outlier:
        row, (on_mean, on_std) = int(images.first[image]), influence_of(image)
        return Outlier(
            image=table.key[row],
            location=table.location[row],
            group=table.group[row],
            reasons=tuple(reasons),
            z=tuple(reasons.values()),
            score=float(scores.score[image]),
            mean=tuple(images.mean[image].tolist()),
            std=tuple(images.std[image].tolist()),
            influence_on_mean=on_mean,
            influence_on_std=on_std,
        )

    return Outliers(
        images=len(images.first),
        channels=table.channels,
        threshold=threshold,
        expect=expect,
        beyond=len(beyond),
        number=number,
        found=tuple(map(outlier, chosen.tolist(), scores.reasons(chosen))),
    )


def _color(mean: Array) -> str:
    if not mean.any():
        return "black"
    return "white" if (mean == 1.0).all() else "one color"


def known_outliers(records: Records) -> int:
    """Return how many images their moments alone tell to be outliers, of records of one draw.

    In all figures together, as `find_outliers` takes them, these are outliers, too: it may find
    more.
    """
    columns = records.by_channel(lambda channel: records.column(channel, in_order=False))
    std = np.mean([np.sqrt(column.m2 / column.n) for column in columns], axis=0)
    mean, n = [column.mean for column in columns], columns[0].n
    groups = [np.arange(len(n))]
    one_color = _unusual((std == 0.0) & (n > 1), groups)
    moments = figures_of_moments(mean, std, exact=records.scale != 1)
    score = _score((*moments, size_figure(n)), groups, one_color)
    return min(int((score > THRESHOLD).sum()), math.ceil(EXPECTED * len(n)))


def _score(
    figures: Iterable[Figure], groups: Sequence[NDArray[np.int64]], one_color: Flags
) -> Array:
    """Return the score of each image within its group: infinite where it is of one color."""
    total = np.zeros(len(one_color))
    for figure in figures:
        z, _ = _within(groups, figure, one_color)
        total += z**4
    return np.where(one_color, math.inf, total**0.25)


def _unusual(flat: Flags, groups: Sequence[NDArray[np.int64]]) -> Flags:
    """Return which images are of one color, and of a group in which few are."""
    few = np.zeros(len(flat), dtype=bool)
    for own in groups:
        few[own] = flat[own] & (flat[own].mean() < _USUAL)
    return few


def _within(
    groups: Sequence[NDArray[np.int64]], figure: Figure, one_color: Flags
) -> tuple[Array, Array]:
    """Return z and the usual value of each image within its group; z is 0 where that is small."""
    z, usual = (np.zeros(len(figure.values)) for _ in range(2))
    for own in groups:
        values = figure.values[own]
        rest = np.sort(values[~one_color[own] & np.isfinite(values)])
        if len(rest):
            usual[own] = _median(rest)
            z[own] = robust_z(values, rest, figure.least)
    return (np.maximum(z, 0.0) if figure.only_above else z), usual


def robust_z(values: Array, rest: Array, least: float) -> Array:
    """Return how far values are from the median of the rest, in spreads of their side.

    rest: sorted, without NaN; least: of the spread. The z of NaN is 0.
    """
    middle = _median(rest)
    sides = _tail(rest - middle, least), _tail(middle - rest[::-1], least)
    away = np.nan_to_num(values - middle)
    spread, power = (np.where(away > 0, above, below) for above, below in zip(*sides, strict=True))
    linear = np.abs(away) / spread
    edge = _TAILS[-1][1]
    z: Array = np.sign(away) * np.minimum(linear, edge * (linear / edge) ** power)
    return z


def _median(ordered: Array) -> float:
    """Return the median of sorted values, which numpy would sort again."""
    last = len(ordered) - 1
    return float(ordered[last // 2] + ordered[(last + 1) // 2]) / 2


def _tail(away: Array, least: float) -> tuple[float, float]:
    """Return the standard deviation that the upper side of sorted distances shows, and the power.

    The values that a quantile leaves above are at least one, so that a single one widens nothing.
    """
    places = (len(away) - 1 - math.ceil(share * (len(away) - 1)) for share, _ in _TAILS)
    sds = [sd for _, sd in _TAILS]
    quantiles = [max(float(away[p]), least * sd) for p, sd in zip(places, sds, strict=True)]
    spread = max(quantile / sd for quantile, sd in zip(quantiles, sds, strict=True))
    heavier = quantiles[-1] / quantiles[0]
    power = min(1.0, math.log(sds[-1] / sds[0]) / math.log(heavier)) if heavier > 1 else 1.0
    return spread * max(1.0, _SURE / len(away)), power
