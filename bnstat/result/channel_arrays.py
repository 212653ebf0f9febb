"""Figures as a person takes them: arrays of one float64 a channel, which cannot be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from bnstat.result.estimates import Estimate, Floats, OrderStatistics

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
