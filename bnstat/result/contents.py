"""What a result document says, as one value: the figures of all images, and of groups of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from bnstat._version import __version__
from bnstat.errors import DocumentError
from bnstat.result.distribution import Distribution, occurring
from bnstat.result.estimates import (
    EXACT,
    Estimate,
    Floats,
    OrderStatistics,
    OverChannels,
    Uncertainty,
)
from bnstat.result.input_warnings import InputWarning, warnings_of
from bnstat.result.inputs import Pipeline, Sample, Selection, Source
from bnstat.result.summary import Summary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Figures(Protocol):
    """What has figures as plain tuples."""

    @property
    def exact(self) -> Estimate:
        """Mean and variance of `two-pass`."""

    @property
    def order_statistics(self) -> OrderStatistics:
        """Percentiles, smallest and largest value."""


class ChannelArrays:
    """The figures of images together: read-only arrays of one float64 a channel."""

    @property
    def mean(self: Figures) -> NDArray[np.float64]:
        """The exact mean of each channel, in [0, 1]."""
        return array(self.exact.mean)

    @property
    def var(self: Figures) -> NDArray[np.float64]:
        """The exact population variance of each channel."""
        return array(self.exact.var)

    @property
    def std(self: Figures) -> NDArray[np.float64]:
        """The exact population standard deviation of each channel."""
        return array(self.exact.std)

    @property
    def quantiles(self: Figures) -> Mapping[str, NDArray[np.float64]] | None:
        """Percentiles of each channel by their number as text, as in "99.5"; None of floats."""
        found = self.order_statistics.quantiles
        return None if found is None else {q: array(values) for q, values in found.items()}

    @property
    def min(self: Figures) -> NDArray[np.float64] | None:
        """The smallest value of each channel; None where it is not known."""
        found = self.order_statistics.min
        return None if found is None else array(found)

    @property
    def max(self: Figures) -> NDArray[np.float64] | None:
        """The largest value of each channel; None where it is not known."""
        found = self.order_statistics.max
        return None if found is None else array(found)


def array(values: Floats) -> NDArray[np.float64]:
    """Return figures as an array that cannot be changed: they are the result's."""
    import numpy as np

    made = np.array(values, np.float64)
    made.flags.writeable = False
    return made


@dataclass(frozen=True)
class Group(ChannelArrays):
    """The figures of the images under one label; `mean`, `std` and others are arrays.

    Attributes
    ----------
    images
        How many there are.
    count
        Samples of each channel.
    sum, sum_of_squares
        Exact integers in the units of the whole result; None for float samples.
    exact, order_statistics
        The figures as plain tuples.
    packed_histogram
        Which 8- or 16-bit values occur, and how often, from which percentiles of merged results
        follow (`packed_histograms`); None of floats, and in older documents.
    """

    images: int
    count: tuple[int, ...]
    sum: tuple[int, ...] | None
    sum_of_squares: tuple[int, ...] | None
    exact: Estimate
    order_statistics: OrderStatistics = field(default_factory=OrderStatistics)
    packed_histogram: str | None = None


Unit: TypeAlias = Literal["[0, 1]", "divided", "normalized", "stored", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a result document says; `Stats` describes its attributes, and adds files and JSON."""

    source: Source
    pipeline: Pipeline
    mode: str
    channels: tuple[str, ...]
    scale: int
    count: tuple[int, ...]
    sum: tuple[int, ...] | None
    sum_of_squares: tuple[int, ...] | None
    histogram: tuple[tuple[int, ...], ...] | None
    methods: Mapping[str, Estimate | None]
    conventions: Mapping[str, Floats]
    reasons: Mapping[str, str] = field(default_factory=dict)
    selection: Selection = field(default_factory=Selection)
    sample: Sample | None = None
    uncertainty: Uncertainty | None = None
    groups: Mapping[str, Group] | None = None
    told_warnings: tuple[InputWarning, ...] | None = None
    sparse_histogram: Distribution | None = None
    order_statistics: OrderStatistics = field(default_factory=OrderStatistics)
    pooled: OverChannels | None = None
    summary: Summary | None = None
    max_value: int | None = None
    unscale: bool = False
    # How many images the scan has shown to be outliers; it is not in the document.
    known_outliers: int = field(default=0, compare=False)
    created: str
    bnstat: str = __version__

    @property
    def warnings(self) -> tuple[InputWarning, ...]:
        """What should be known of the inputs; of a document of 0.2, what its figures show."""
        told = self.told_warnings
        return tuple(self.shown_warnings()) if told is None else told

    def shown_warnings(self) -> Iterator[InputWarning]:
        return warnings_of(self.source, self.selection, self.pipeline)

    @property
    def unit(self) -> Unit:
        """What the figures are of.

        "[0, 1]"; "divided": integers divided by `max_value`; "normalized": images that the pipeline
        has normalized; "stored": integers or floats of files as they are, beyond [0, 1]; "unknown":
        what a pipeline makes, and goes beyond [0, 1].
        """
        if "Normalize" in self.pipeline.names:
            return "normalized"
        if self.max_value == self.scale and self.pipeline.spec is None:
            return "divided" if self.scale > 1 else "stored"
        estimate = self.methods.get(EXACT)
        if estimate is None or not _goes_beyond(estimate):
            return "[0, 1]"
        return "stored" if self.pipeline.spec is None else "unknown"

    @property
    def may_be_signed(self) -> bool:
        """Whether sums may be of signed samples, or of values of any size."""
        return self.scale == 1 or (self.max_value is not None and self.mode == "bands")

    @property
    def measured_as(self) -> str:
        """How samples were taken, where not as they are by default, in a few words."""
        divided = [] if self.max_value is None else [f"integers divided by {self.max_value}"]
        unscaled = ["unscaled as files declare"] * self.unscale
        return ", ".join(filter(None, [*divided, *unscaled, self.selection.words]))

    def estimate(self, method: str = EXACT) -> Estimate:
        """Return the figures of one method.

        Raises
        ------
        DocumentError
            If there are none, with the reason.
        """
        if method not in self.methods:
            raise DocumentError(f"no method {method!r}; there are {', '.join(self.methods)}")
        estimate = self.methods[method]
        if estimate is None:
            reason = self.reasons.get(method, "no reason is given")
            raise DocumentError(f"the result has no {method} figures: {reason}")
        return estimate

    @property
    def distribution(self) -> Distribution | None:
        """Which values occur, and how often, by channel; None of other than 8 and 16 bits."""
        if self.sparse_histogram is not None or not self.histogram or 0 in self.count:
            return self.sparse_histogram
        return occurring(self.histogram)

    @property
    def is_exact(self) -> bool:
        """Whether nothing was sampled or drawn at random, so that `two-pass` is exact."""
        return not self.uncertain_by

    @property
    def uncertain_by(self) -> tuple[str, ...]:
        """What makes `two-pass` uncertain: "sample", "draws"; empty where it is exact."""
        if self.uncertainty is not None:
            return self.uncertainty.of
        sampled = self.sample is not None and self.sample.images < self.sample.of
        return ("sample",) * sampled + ("draws",) * self.draws_at_random

    @property
    def draws_at_random(self) -> bool:
        """Whether the pipeline, or the dataset itself, draws at random."""
        dataset = self.source.dataset
        return self.pipeline.is_random or (dataset is not None and dataset.random)

    @property
    def exact(self) -> Estimate:
        """The figures of `two-pass`."""
        estimate = self.methods[EXACT]
        if estimate is None:
            raise DocumentError(
                "a result in which nothing was measured has no figures; "
                "merge it with the other shards: bnstat merge"
            )
        return estimate


def _goes_beyond(estimate: Estimate) -> bool:
    """Whether no samples in [0, 1] have such figures: their std is half their range at most."""
    rounding = 1e-6
    return any(
        not -rounding <= mean <= 1 + rounding or std > 0.5 + rounding
        for mean, std in zip(estimate.mean, estimate.std, strict=True)
    )


def exactness(stats: Contents) -> str:
    """Say that the figures are exact, or of which draws and which sample they are."""
    causes, said = stats.uncertain_by, []
    if "draws" in causes:
        number = stats.pipeline.epochs
        draws = "one random draw" if number == 1 else f"{number:,} random draws"
        said.append(f"of {draws} of each image, seed {stats.pipeline.seed}")
    if "sample" in causes and stats.sample is not None:
        sample = stats.sample
        units = f"{sample.images:,} of {sample.of:,} {stats.source.unit}s"
        said.append(f"of {units}, seed {sample.seed}")
    uncertainty = stats.uncertainty
    if uncertainty is not None and uncertainty.margin is not None:
        widest = max(*uncertainty.margin.mean, *uncertainty.margin.std)
        said.append(f"± {widest:.2g} ({100 * uncertainty.confidence:g} %)")
    return "; ".join(said) or "exact"
