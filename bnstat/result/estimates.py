"""The figures of a result, as values: estimates, how sure they are, and those of groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bnstat.result.sketch import Sketch

# One float64 a channel.
Floats: TypeAlias = tuple[float, ...]


class NoEstimateError(ValueError):
    """A method has no estimate of these images; the message says why, in a few words."""


@dataclass(frozen=True)
class Estimate:
    """Mean and variance of one method.

    mean, var, std: one float64 a channel, in [0, 1]; `var` is the population's for `two-pass` and
    `welford`, and what `running_var` holds for `batchnorm`.
    """

    mean: Floats
    var: Floats

    @property
    def std(self) -> Floats:
        """The square root of `var`."""
        return tuple(math.sqrt(v) for v in self.var)


@dataclass(frozen=True)
class BatchNormEstimate(Estimate):
    """What `BatchNorm2d` would hold after one schedule of batches.

    Attributes
    ----------
    batch_size, order
        Images a batch; "shuffled" or "listed" (by key).
    momentum
        Weight of a new batch, or None for torch's cumulative average.
    batches
        How many batches were seen: `num_batches_tracked`.
    start_weight
        Share of the initial mean 0 and variance 1 that is still in the result.
    expected, expected_sd
        "mean" and "var": average and standard deviation, per channel, of the running values over
        shuffles of the images. A document of version 1 has no `expected`; it is None then.
    """

    batch_size: int
    momentum: float | None
    order: str
    batches: int
    start_weight: float
    expected_sd: Mapping[str, Floats]
    expected: Mapping[str, Floats] | None = None


@dataclass(frozen=True)
class MeanAndStd:
    """A figure of the mean and one of the std, per channel, in [0, 1]."""

    mean: Floats
    std: Floats


@dataclass(frozen=True)
class OverChannels:
    """The mean and the std of the samples of all channels together, in [0, 1]."""

    mean: float
    std: float


@dataclass(frozen=True)
class Corrected:
    """How far intervals reach below and above each figure, where few images carry it."""

    below: MeanAndStd
    above: MeanAndStd


@dataclass(frozen=True)
class ImageSums:
    """What margins need of single images, as sums that merge; of one channel.

    Over the images, of u = (n, Σ(x − center), Σ(x − center)²) of each: of u, and of the products of
    two, three and four of its numbers (indices ascending); and of the deviations of draws from the
    average of their image, None where each has one.
    """

    images: int
    center: float
    first: Floats
    second: Floats
    third: Floats
    fourth: Floats
    second_within: Floats | None = None
    third_within: Floats | None = None
    fourth_within: Floats | None = None


@dataclass(frozen=True)
class Uncertainty:
    """How sure `two-pass` is.

    Attributes
    ----------
    confidence
        Of the margins, in (0, 1).
    of
        What makes the figures uncertain: "sample", "draws"; empty where they are exact.
    margin
        Half-widths of the confidence intervals; None where the figures are exact.
    reliable
        Whether enough images carry the figures for the margins to hold.
    superpopulation
        Standard errors: how far a new set of as many images like these would be off.
    corrected
        Where there are margins that are not reliable: intervals for skewed figures; else None.
    sums
        What margins of merged results follow from, a channel each; None where it is not known.
    sketch
        By which two results tell how many images they share; None in documents before 0.3.
    cluster, clusters
        What made images of one cluster, as typed, and how many clusters there are; None where each
        image stands for itself.
    """

    confidence: float
    of: tuple[str, ...]
    margin: MeanAndStd | None
    reliable: bool
    superpopulation: MeanAndStd
    sums: tuple[ImageSums, ...] | None = None
    sketch: Sketch | None = None
    cluster: str | None = None
    clusters: int | None = None
    corrected: Corrected | None = None


@dataclass(frozen=True)
class PairedMargins:
    """How sure the difference is of two results of the same images, by the differences of each.

    margin: half-widths, of the random draws given the images, and of the sample where there is
    one; None where both are exact; population_margin: of images and draws together, for other
    images like these; upper_bound: whether margins are too wide rather than too narrow, as there is
    one draw of each image; reliable: whether enough images carry them; p_values: how likely the
    draws and the sample alone lead to such differences, None where these are exact.
    """

    margin: MeanAndStd | None
    population_margin: MeanAndStd
    upper_bound: bool
    reliable: bool
    p_values: MeanAndStd | None = None


@dataclass(frozen=True)
class OrderStatistics:
    """What is known of samples in their order, in [0, 1].

    quantiles: by percentile as text, of 8- and 16-bit samples; min, max: of floats too.
    """

    quantiles: Mapping[str, Floats] | None = None
    min: Floats | None = None
    max: Floats | None = None
