"""The figures of a result, as values: the methods, the estimate of each, and how sure it is.

A new method is a row of `METHODS`, which the document, merging, export, comparison and the tables
read; `estimators.methods` has the function that makes its estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# One float64 a channel.
Floats: TypeAlias = tuple[float, ...]
SKETCH_SIZE = 256
# The exact mean and population variance of all samples: all others are held against it.
EXACT = "two-pass"


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


@dataclass(frozen=True)
class Sketch:
    """The smallest hashes of a set's images, ascending, at most `SKETCH_SIZE`.

    By these, two results tell how many images they share (bottom-k: Cohen and Kaplan, "Summarizing
    data using bottom-k sketches", PODC 2007). Below the largest hash that both sketches reach, each
    knows all of its images that are there; these are a random share of all, and as large a part of
    them is in both as of all (Broder, "On the resemblance and containment of documents", 1997). A
    sketch that is not full knows all its images, so that small sets are exact.
    """

    hashes: tuple[int, ...]

    @classmethod
    def of(cls, hashes: Iterable[int]) -> Sketch:
        """Return the sketch of a set, or of several, from at least their smallest hashes."""
        return cls(tuple(sorted(set(hashes))[:SKETCH_SIZE]))

    def __str__(self) -> str:
        """Return 16 hex digits a hash."""
        return "".join(f"{each:016x}" for each in self.hashes)

    @property
    def is_whole(self) -> bool:
        """Whether it knows all images of its set."""
        return len(self.hashes) < SKETCH_SIZE

    def resemblance(self, other: Sketch) -> float:
        """Return the share of all images of two sets that is in both, in [0, 1].

        Where it is an estimate, one more image counts as in one set alone: by chance, none of the
        few that are may be seen.
        """
        reach = min(self._reach, other._reach)
        ones, others = ({h for h in each.hashes if h <= reach} for each in (self, other))
        unseen = 0 if self.is_whole and other.is_whole else 1
        return len(ones & others) / max(1, len(ones | others) + unseen)

    @property
    def _reach(self) -> int:
        """Up to which hash it knows all images of its set."""
        return 2**64 if self.is_whole else self.hashes[-1]


@dataclass(frozen=True)
class Method:
    """A way to a mean and a variance.

    Attributes
    ----------
    name
        Its key in the document, and its word for `export --method`.
    merging
        How results of disjoint images are added: "exact" in rational arithmetic, from the sums
        where samples are integers; "chan" in float64, from count, mean and variance of each
        result; None if they cannot be.
    not_merged
        Why they cannot be.
    """

    name: str
    merging: Literal["exact", "chan"] | None = None
    not_merged: str = "it cannot be computed from merged results"


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(EXACT, "exact"),
        # A streaming Welford/Chan update in float64.
        Method("welford", "chan"),
        # What torch.nn.BatchNorm2d in training mode would hold.
        Method(
            "batchnorm",
            not_merged="it depends on the order of all images, which merged results do not hold",
        ),
    )
}


def empty_figures() -> dict[str, Any]:
    """Return the figures of a `Stats` of no image: no channels, and no method has an estimate.

    Adding its sums and its histogram to those of other results changes nothing.
    """
    return {
        "channels": (),
        "scale": 255,
        "count": (),
        "sum": (),
        "sum_of_squares": (),
        "histogram": (),
        "methods": dict.fromkeys(METHODS),
        "conventions": {},
        "reasons": dict.fromkeys(METHODS, "no image was measured"),
    }
