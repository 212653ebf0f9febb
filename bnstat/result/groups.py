"""The figures of the images under one label."""

from __future__ import annotations

from dataclasses import dataclass, field

from bnstat.result.channel_arrays import ChannelArrays
from bnstat.result.estimates import Estimate, OrderStatistics


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
