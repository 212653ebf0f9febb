"""Moments of the float samples of one image."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

from bnstat.moments.table import Floats


class NotFiniteError(ValueError):
    """A sample is NaN or infinite."""


def moments_of_floats(strips: Callable[[], Iterable[Floats]]) -> tuple[int, Floats, Floats]:
    """Return n, and mean and M2 of shape (C,), of an image's samples, centred within the image.

    Parameters
    ----------
    strips
        Gives the image in pieces, each float64 of shape (C, samples); called twice, once for the
        mean and once for the squared deviations from it.

    Raises
    ------
    NotFiniteError
        If a sample is NaN or infinite.
    """
    n, sums = 0, []
    for strip in strips():
        n += strip.shape[1]
        with np.errstate(invalid="ignore"):  # ∞ − ∞ is refused below
            sums.append(strip.sum(axis=1))
    if not np.isfinite(sums).all():
        raise NotFiniteError("has NaN or infinite samples")
    mean = _added(sums) / n
    squares = [((strip - mean[:, np.newaxis]) ** 2).sum(axis=1) for strip in strips()]
    return n, mean, _added(squares)


def _added(rows: list[Floats]) -> Floats:
    return np.array([math.fsum(column) for column in zip(*rows, strict=True)])
