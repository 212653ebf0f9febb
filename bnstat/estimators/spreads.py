"""How much a figure varies, by what each image contributes to it.

Pixels of one image are alike, so the image is the unit that varies: a cluster of samples. Mean and
variance are ratios of sums over images, ΣS/Σn and ΣQ/Σn − mean², and are linearized in them
(Cochran, *Sampling Techniques*, 3rd edition, 1977, chapters 6 and 9A): an image contributes

    z = (n/n̄)·(mean_of_image − mean)                                        to the mean,
    e = (n/n̄)·(var_of_image + (mean_of_image − mean)² − var) / (2·std)      to the std.

Of m images sampled from N, each drawn E times at random, the squared standard error is that of
two-stage sampling (chapter 10): (1 − m/N)·s²/m + (m/N)·s_w²/(m·E), with s² the variance of the
images' contributions, averaged over their draws, and s_w² the variance of the draws within an
image.

One random draw of each image does not tell the two apart. What an image would contribute on average
over its draws is a function of the image; whatever function f of the plain image is fitted to the
other images, E(d − f)² is the variance of its draw and the square by which f is off. So the mean
square of what each draw is off a regression on the plain images' moments, fitted without it, is an
upper bound of s_w², the nearer the better they tell (control variates: they need not be exact). The
regression is of contributions over shares of the samples, as large images would decide it. Without
controls the bound is s² itself, and the squared standard error s²/m.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bnstat.moments import ChannelMoments, Floats

# With fewer images for each control, a regression would explain chance.
IMAGES_A_CONTROL = 10
# Figures in [0, 1] that differ by less are the same.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Design:
    """How the images were measured.

    found: N, images that there are; the measured ones are a random sample of them, or all; draws:
    E, records of each image; random: whether the draws of an image differ at random.
    """

    found: int
    draws: int = 1
    random: bool = False


@dataclass(frozen=True)
class Spread:
    """The uncertainty of one figure of one channel.

    standard_error: of the figure as an estimate for the images found, and over their random draws;
    superpopulation: of the figure as an estimate for a population that the images came from;
    effective_images: (Σd²)²/Σd⁴ over the contributions d, or infinity where nothing varies;
    freedom: degrees of freedom of the standard error;
    skewness: of the figure, that of the contributions over the root of their number.
    """

    standard_error: float
    superpopulation: float
    effective_images: float
    freedom: int
    skewness: float


class OneDraw(NamedTuple):
    """One random draw of each image: all of shape (images,), but the controls.

    contributed: what varies from draw to draw; share: of the samples, 1 on average; controls: what
    plain images tell of it, (images, K).
    """

    contributed: Floats
    share: Floats
    controls: Floats


def controls_of(column: ChannelMoments) -> Floats:
    """Return what plain images tell of their draws, (images, K), for a regression.

    What their samples contribute to mean and std, and two squares.
    """
    share = shares(column)
    to_mean, to_std = (each / share for each in contributions(column))
    return np.stack([to_mean, to_std, to_mean**2, to_mean * to_std], axis=1)


def spreads(
    column: ChannelMoments, design: Design, controls: Floats | None = None
) -> tuple[Spread, Spread]:
    """Return the uncertainty of a channel's mean and of its std.

    The draws of an image are one after another in the column. Images of which no sample counts
    (n = 0) contribute nothing, but count as images. `controls` is what plain images tell of one
    random draw of each, (images, K).
    """
    mean, std = (
        spread_of(
            contributed.reshape(-1, design.draws),
            design,
            None if controls is None else OneDraw(contributed, shares(column), controls),
        )
        for contributed in contributions(column)
    )
    return mean, std


def shares(column: ChannelMoments) -> Floats:
    """Return the share of each draw in all samples, 1 on average."""
    share: Floats = column.n / column.n.mean()
    return share


def contributions(column: ChannelMoments) -> tuple[Floats, Floats]:
    """Return what each draw contributes to mean and std: z and e, float64 of shape (draws,)."""
    n, means, m2 = column
    total = n.sum()
    counted = n > 0
    inside = np.divide(m2, n, out=np.zeros_like(m2), where=counted)
    away = np.where(counted, means, 0.0)
    mean = float(n @ away / total)
    away = away - mean
    square = inside + away * away
    var = float(n @ square / total)
    share = n * (len(n) / total)
    to_std = share * (square - var)
    return share * away, to_std / (2.0 * math.sqrt(var)) if var > 0.0 else np.zeros_like(n)


def spread_of(d: Floats, design: Design, one_draw: OneDraw | None = None) -> Spread:
    """Return the uncertainty from contributions of shape (images, draws).

    `one_draw` is what is known of plain images, where each has one random draw.
    """
    images, each = len(d), d.mean(axis=1)
    between = float(np.var(each, ddof=1)) if images > 1 else math.inf
    within, freedom, carried = None, None, each
    if design.random:
        rest, freedom = _within(d, each, one_draw)
        within = float(np.sum(rest**2)) / freedom if freedom else math.inf
        carried = rest.ravel() if images >= design.found else each
    shape = effective_images(carried), _skewness(carried)
    return spread_of_variances(between, within, images, design, *shape, freedom)


def spread_of_variances(
    between: float,
    within: float | None,
    images: int,
    design: Design,
    effective_images: float,
    skewness: float,
    freedom: int | None = None,
) -> Spread:
    """Return the uncertainty from the variances of images and, where they are random, of draws.

    `freedom` is that of the draws; by default of several draws of each image.
    """
    fraction = min(1.0, images / design.found)
    squared = (1.0 - fraction) * between / images if fraction < 1.0 else 0.0
    degrees = images - 1
    if within is not None:
        squared += fraction * within / (images * design.draws)
        if fraction == 1.0:
            degrees = images * (design.draws - 1) if freedom is None else freedom
    errors = math.sqrt(squared), math.sqrt(between / images)
    return Spread(*errors, effective_images, degrees, skewness)


def _within(d: Floats, each: Floats, one_draw: OneDraw | None) -> tuple[Floats, int]:
    """Return what draws differ by from what their images tell of them, and degrees of freedom."""
    images, draws = d.shape
    if draws > 1:
        return d - each[:, np.newaxis], images * (draws - 1)
    if one_draw is None or images < IMAGES_A_CONTROL * one_draw.controls.shape[1]:
        return each - each.mean(), images - 1
    contributed, share, controls = one_draw
    values = np.divide(contributed, share, out=np.zeros_like(share), where=share > 0.0)
    off, rank = prediction_errors(values, controls)
    freedom = images - 1 - rank
    return share * off * math.sqrt(freedom / images), freedom


def prediction_errors(values: Floats, controls: Floats) -> tuple[Floats, int]:
    """Return how far each value is off a regression on controls that is fitted to all others.

    And the rank of the controls. The regression is linear, with a constant.
    """
    centred = controls - controls.mean(axis=0)
    scale = np.sqrt(np.square(centred).mean(axis=0))
    known = centred[:, scale > 0.0] / scale[scale > 0.0]
    basis, sizes, _ = np.linalg.svd(known, full_matrices=False)
    basis = basis[:, sizes > 1e-9 * sizes.max(initial=0.0)]
    away = values - values.mean()
    free = 1.0 - 1.0 / len(values) - np.square(basis).sum(axis=1)  # 1 less the leverage
    rest = away - basis @ (basis.T @ away)
    return np.where(free > 1e-6, rest / np.maximum(free, 1e-6), away), basis.shape[1]


def _skewness(d: Floats) -> float:
    away = d - d.mean()
    size = float(np.sqrt(np.mean(away * away)))
    if not size:
        return 0.0
    z = away / size
    return float(np.mean(z * z * z)) / math.sqrt(len(d))  # powers of 3 would be slow


def effective_images(d: Floats) -> float:
    """Return how many equal contributions would be as concentrated: (Σd²)²/Σd⁴."""
    largest = float(np.abs(d).max(initial=0.0))
    if largest == 0.0:
        return math.inf
    squares = (d / largest) ** 2  # so that fourth powers do not vanish
    return float(squares.sum() ** 2 / (squares**2).sum())
