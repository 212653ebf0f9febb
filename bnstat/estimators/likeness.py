"""How alike the images of a cluster are, and by how much that makes standard errors too small."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bnstat.estimators.spreads import ROUNDING, contributions
from bnstat.moments import Floats, Ints, Records


class Likeness(NamedTuple):
    """How alike images of a cluster are, in the channel where they are most.

    correlation: within clusters, of what images contribute to the mean; factor: the standard error
    over clusters of that mean by the one over images.
    """

    correlation: float
    factor: float


def likeness(records: Records, clusters: Sequence[int]) -> Likeness:
    """Return how alike images of a cluster are, which each have a number, in the order of keys.

    The correlation is estimated by the analysis of variance (Fisher, *Statistical Methods for
    Research Workers*, section 40), for clusters of unequal sizes (Searle, Casella and McCulloch,
    *Variance Components*, 1992, section 3.6). There must be two clusters, and fewer than images.
    """
    numbers = np.asarray(clusters, dtype=np.int64)
    found = records.by_channel(
        lambda c: _likeness(
            contributions(records.column(c))[0].reshape(len(records), -1).mean(axis=1), numbers
        )
    )
    return max(found)


def _likeness(each: Floats, numbers: Ints) -> Likeness:
    sizes = np.bincount(numbers)
    images, clusters = len(each), len(sizes)
    totals = np.bincount(numbers, weights=each)
    inside = each - (totals / sizes)[numbers]
    between = float(totals @ (totals / sizes)) / (clusters - 1)
    within = float(inside @ inside) / (images - clusters)
    size = (images - float(sizes @ sizes) / images) / (clusters - 1)
    variance = between + (size - 1.0) * within
    if variance <= size * ROUNDING**2:
        return Likeness(0.0, 1.0)
    squared = clusters / (clusters - 1) * float(totals @ totals)
    alone = images / (images - 1) * float(each @ each)
    return Likeness((between - within) / variance, math.sqrt(squared / alone))
