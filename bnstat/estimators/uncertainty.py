"""How uncertain the mean and the std of `two-pass` are.

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
over its draws is a function of the image; whatever function f of the plain image is fitted, the
mean square of what is left, E(d − f)², is s_w² and the mean square by which f is off. So the
variance of the residuals of a regression on the plain image's moments is an upper bound of s_w²,
the nearer the better they tell (control variates: they need not be exact). Without controls it is
s² itself, and the squared standard error s²/m.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bnstat.estimators.student import t_quantile
from bnstat.moments import Column, Floats, Ints, Records
from bnstat.result import MeanAndStd, Uncertainty

# Below, so few images carry the figure that no simple interval covers: the simulation of
# tests/benchmarks/coverage_of_margins.py.
FEWEST_EFFECTIVE_IMAGES = 40.0
# With fewer images for each control, a regression would explain chance.
IMAGES_A_CONTROL = 10


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
    effective_images: (Σd²)²/Σd⁴ over the contributions d, or infinity where nothing varies;
    freedom: degrees of freedom of the standard error.
    """

    standard_error: float
    superpopulation: float
    effective_images: float
    freedom: int


def uncertainty(
    records: Records,
    found: int,
    *,
    random: bool,
    confidence: float,
    controls: Records | None = None,
    clusters: Callable[[bytes], str] | None = None,
    in_order: bool = True,
) -> Uncertainty | None:
    """Return how sure `two-pass` is of records that are a random sample of `found` images, or all.

    A single image, or a single cluster, tells nothing of how they vary: None.

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
    controls
        Of the plain images, where each has one random draw: control variates.
    clusters
        The name of the cluster that an image is of, by its key; otherwise each is one of its own.
    in_order
        Whether to sum by key, so that the last digits do not depend on how images came.
    """
    images = len(records)
    if images < 2:
        return None
    design = Design(found, records.draws, random)
    plain = plain_images(records, controls) if random and records.draws == 1 else None
    numbers = None if clusters is None else _numbered(map(clusters, records.keys()))
    if numbers is not None and not numbers.any():
        return None
    in_order = in_order or plain is not None or numbers is not None

    def of_channel(channel: int) -> tuple[Spread, Spread]:
        column = records.column(channel, in_order=in_order)
        known = controls_of(plain[channel % len(plain)]) if plain else None
        pair = spreads(column, design, known)
        return pair if numbers is None else _clustered(pair, column, numbers)

    sure = uncertainty_of(records.by_channel(of_channel), images, design, confidence)
    return sure if numbers is None else replace(sure, clusters=int(numbers.max()) + 1)


def _numbered(names: Iterable[str]) -> Ints:
    """Return a number for each name, the same for the same, from 0 on."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.int64)


def _clustered(pair: tuple[Spread, Spread], column: Column, numbers: Ints) -> tuple[Spread, Spread]:
    """Return the uncertainty with images of a cluster together: others would bring other clusters.

    The squared error is K/(K − 1)·Σt²/m² over the totals t of K clusters, which add up to 0.
    """
    images, clusters = len(numbers), int(numbers.max()) + 1
    found = []
    for spread, contributed in zip(pair, contributions(column), strict=True):
        each = contributed.reshape(images, -1).mean(axis=1)
        totals: Floats = np.bincount(numbers, weights=each).astype(np.float64)
        squared = clusters / (clusters - 1) * float(totals @ totals) / images**2
        carried = min(spread.effective_images, _effective(totals))
        error = math.sqrt(squared)
        found.append(replace(spread, superpopulation=error, effective_images=carried))
    return found[0], found[1]


def uncertainty_of(
    pairs: Sequence[tuple[Spread, Spread]], images: int, design: Design, confidence: float
) -> Uncertainty:
    """Return how sure `two-pass` is, from the uncertainty of each channel's mean and std."""
    causes = ("sample",) * (images < design.found) + ("draws",) * design.random
    return Uncertainty(
        confidence=confidence,
        of=causes,
        margin=of_both(pairs, lambda spread: margin(spread, confidence)) if causes else None,
        reliable=all(s.effective_images >= FEWEST_EFFECTIVE_IMAGES for pair in pairs for s in pair),
        superpopulation=of_both(pairs, lambda spread: spread.superpopulation),
    )


def of_both(
    pairs: Sequence[tuple[Spread, Spread]], figure: Callable[[Spread], float]
) -> MeanAndStd:
    """Return a figure of the mean and of the std of each channel."""
    return MeanAndStd(
        tuple(figure(mean) for mean, _ in pairs), tuple(figure(std) for _, std in pairs)
    )


def plain_images(records: Records, controls: Records | None) -> list[Column] | None:
    """Return the channels of the plain images that records are of; None if some are missing."""
    if controls is None:
        return None
    keys, known = records.keys(), controls.keys()
    columns = [controls.column(channel) for channel in range(len(controls.channels))]
    if len(keys) < len(known):  # draws of some have failed
        places = {key: place for place, key in enumerate(known)}
        rows = [places[key] for key in keys if key in places]
        columns = [Column(*(values[rows] for values in column)) for column in columns]
    return columns if len(columns[0].n) == len(keys) and columns[0].n.all() else None


def controls_of(column: Column) -> Floats:
    """Return what plain images tell of their draws, (images, K), for a regression.

    What they contribute to mean and std, their share of the samples, and two squares.
    """
    to_mean, to_std = contributions(column)
    share = column.n / column.n.mean()
    return np.stack([to_mean, to_std, share, to_mean**2, to_mean * to_std], axis=1)


def spreads(
    column: Column, design: Design, controls: Floats | None = None
) -> tuple[Spread, Spread]:
    """Return the uncertainty of a channel's mean and of its std.

    Parameters
    ----------
    column
        n, mean and M2 of each draw, float64, the draws of an image one after another. Images of
        which no sample counts (n = 0) contribute nothing, but count as images.
    design
        How they were measured.
    controls
        What plain images tell of one random draw of each, (images, K).
    """
    mean, std = (
        spread_of(contributed.reshape(-1, design.draws), design, controls)
        for contributed in contributions(column)
    )
    return mean, std


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


def margin(spread: Spread, confidence: float) -> float:
    """Return the half-width of the confidence interval, with Student's t.

    With less than one degree of freedom nothing can be said: infinity.
    """
    if spread.freedom < 1:
        return math.inf
    return t_quantile((1.0 + confidence) / 2.0, spread.freedom) * spread.standard_error


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


def spread_of(d: Floats, design: Design, controls: Floats | None = None) -> Spread:
    """Return the uncertainty from contributions of shape (images, draws).

    `controls` are functions of the plain images, (images, K), where each has one random draw.
    """
    images, each = len(d), d.mean(axis=1)
    between = float(np.var(each, ddof=1)) if images > 1 else math.inf
    if not design.random:
        return spread_of_variances(between, None, images, design, _effective(each))
    rest, freedom = _within(d, each, controls)
    within = float(np.sum(rest**2)) / freedom if freedom else math.inf
    carried = rest if images >= design.found else each
    effective = _effective(carried.ravel())
    return spread_of_variances(between, within, images, design, effective, freedom)


def spread_of_variances(
    between: float,
    within: float | None,
    images: int,
    design: Design,
    effective_images: float,
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
    return Spread(*errors, effective_images, degrees)


def _within(d: Floats, each: Floats, controls: Floats | None) -> tuple[Floats, int]:
    """Return what draws differ by from what their images tell of them, and degrees of freedom."""
    images, draws = d.shape
    if draws > 1:
        return d - each[:, np.newaxis], images * (draws - 1)
    if controls is None or images < IMAGES_A_CONTROL * controls.shape[1]:
        return each - each.mean(), images - 1
    return residuals(each, controls)


def residuals(values: Floats, controls: Floats) -> tuple[Floats, int]:
    """Return the residuals of a linear regression on controls and a constant, and their freedom."""
    centred = controls - controls.mean(axis=0)
    scale = np.sqrt(np.square(centred).mean(axis=0))
    known = centred[:, scale > 0.0] / scale[scale > 0.0]
    rest = values - values.mean()
    fitted, _, rank, _ = np.linalg.lstsq(known, rest, rcond=1e-9)
    return rest - known @ fitted, len(values) - 1 - int(rank)


def _effective(d: Floats) -> float:
    """Return how many equal contributions would be as concentrated: (Σd²)²/Σd⁴."""
    largest = float(np.abs(d).max(initial=0.0))
    if largest == 0.0:
        return math.inf
    squares = (d / largest) ** 2  # so that fourth powers do not vanish
    return float(squares.sum() ** 2 / (squares**2).sum())
