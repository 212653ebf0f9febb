"""How uncertain the mean and the std of `two-pass` are.

Pixels of one image are alike, so the image is the unit that varies: a cluster of samples. Mean and
variance are ratios of sums over images, ΣS/Σn and ΣQ/Σn − mean², and are linearized in them
(Cochran, *Sampling Techniques*, 3rd edition, 1977, chapters 6 and 9A): an image contributes

    z = (n/n̄)·(mean_of_image − mean)                                        to the mean,
    e = (n/n̄)·(var_of_image + (mean_of_image − mean)² − var) / (2·std)      to the std.

Of m images sampled from N, each drawn E times at random, the squared standard error is that of
two-stage sampling (chapter 10): (1 − m/N)·s²/m + (m/N)·s_w²/(m·E), with s² the variance of the
images' contributions, averaged over their draws, and s_w² the variance of the draws within an
image. With one random draw of each image the two cannot be told apart; s²/m without the factor is
then too wide rather than too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bnstat.estimators.student import t_quantile
from bnstat.moments import Column, Floats, Records
from bnstat.result import MeanAndStd, Uncertainty

# Below, so few images carry the figure that no simple interval covers: the simulation of
# tests/benchmarks/coverage_of_margins.py.
FEWEST_EFFECTIVE_IMAGES = 40.0


@dataclass(frozen=True)
class Design:
    """How the images were measured.

    Attributes
    ----------
    found
        N: images that there are; the measured ones are a random sample of them, or all.
    draws
        E: records of each image.
    random
        Whether the draws of an image differ at random.
    """

    found: int
    draws: int = 1
    random: bool = False


@dataclass(frozen=True)
class Spread:
    """The uncertainty of one figure of one channel.

    standard_error: of the figure as an estimate for the images found, and over their random draws;
    superpopulation: of the figure as an estimate for a population that the images came from;
    effective_images: (Σd²)²/Σd⁴ over the contributions d, or infinity where nothing varies.
    """

    standard_error: float
    superpopulation: float
    effective_images: float


def uncertainty(
    records: Records, found: int, *, random: bool, confidence: float, in_order: bool = True
) -> Uncertainty | None:
    """Return how sure `two-pass` is of records that are a random sample of `found` images, or all.

    A single image tells nothing of how images vary: None.

    Parameters
    ----------
    records
        Of the images that were measured; at least one.
    found
        How many images there are.
    random
        Whether the draws of an image differ at random.
    confidence
        Of the margins, in (0, 1).
    in_order
        Whether to sum by key, so that the last digits do not depend on how images came.
    """
    images = len(records)
    if images < 2:
        return None
    design = Design(found, records.draws, random)
    pairs = records.by_channel(lambda c: spreads(records.column(c, in_order=in_order), design))
    causes = ("sample",) * (images < found) + ("draws",) * random
    return Uncertainty(
        confidence=confidence,
        of=causes,
        margin=_of_both(pairs, lambda s: margin(s, images, design, confidence)) if causes else None,
        reliable=all(s.effective_images >= FEWEST_EFFECTIVE_IMAGES for pair in pairs for s in pair),
        superpopulation=_of_both(pairs, lambda spread: spread.superpopulation),
    )


def _of_both(
    pairs: Sequence[tuple[Spread, Spread]], figure: Callable[[Spread], float]
) -> MeanAndStd:
    return MeanAndStd(
        tuple(figure(mean) for mean, _ in pairs), tuple(figure(std) for _, std in pairs)
    )


def spreads(column: Column, design: Design) -> tuple[Spread, Spread]:
    """Return the uncertainty of a channel's mean and of its std.

    Parameters
    ----------
    column
        n, mean and M2 of each draw, float64, the draws of an image one after another. Images of
        which no sample counts (n = 0) contribute nothing, but count as images.
    design
        How they were measured.
    """
    to_mean, to_std = contributions(column)
    shape = (-1, design.draws)
    return _spread(to_mean.reshape(shape), design), _spread(to_std.reshape(shape), design)


def contributions(column: Column) -> tuple[Floats, Floats]:
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


def margin(spread: Spread, images: int, design: Design, confidence: float) -> float:
    """Return the half-width of the confidence interval, with Student's t.

    The degrees of freedom are those of the images sampled, or of the draws if all images were
    measured. With a single one nothing can be said: infinity.
    """
    sampled = images < design.found
    freedom = images - 1 if sampled or design.draws == 1 else images * (design.draws - 1)
    if freedom < 1:
        return math.inf
    return t_quantile((1.0 + confidence) / 2.0, freedom) * spread.standard_error


def look_sizes(found: int) -> Iterator[int]:
    """Yield how many images a growing sample has each time that its margins are looked at.

    Looks that grow by a tenth cost at most a tenth more images than needed. Looking often makes a
    lucky stop likelier, which costs coverage; from 200 images on it costs less than 0.02
    (tests/benchmarks/coverage_of_margins.py).
    """
    images = min(200, found)
    while images < found:
        yield images
        images = max(images + 1, images * 11 // 10)
    yield found


def _spread(d: Floats, design: Design) -> Spread:
    """Return the uncertainty from contributions of shape (images, draws)."""
    images, draws = d.shape
    each = d.mean(axis=1)
    between = float(np.var(each, ddof=1)) if images > 1 else math.inf
    inside = d - each[:, np.newaxis]
    within = float(np.sum(inside**2) / (images * (draws - 1))) if draws > 1 else 0.0
    fraction = images / design.found
    if design.random and draws == 1:
        squared = between / images
    else:
        left_out = (1.0 - fraction) * between / images if fraction < 1.0 else 0.0
        squared = left_out + (fraction * within / (images * draws) if design.random else 0.0)
    carried = inside if design.random and draws > 1 and fraction >= 1.0 else each
    return Spread(math.sqrt(squared), math.sqrt(between / images), _effective(carried.ravel()))


def _effective(d: Floats) -> float:
    """Return how many equal contributions would be as concentrated: (Σd²)²/Σd⁴."""
    largest = float(np.abs(d).max(initial=0.0))
    if largest == 0.0:
        return math.inf
    squares = (d / largest) ** 2  # so that fourth powers do not vanish
    return float(squares.sum() ** 2 / (squares**2).sum())
