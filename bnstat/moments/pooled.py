"""Moments of samples that are pooled channel by channel: n, mean and M2, in float64."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bnstat.moments.table import Floats


class Pooled(NamedTuple):
    """n samples of each channel, their mean and their M2: float64 of shape (C,)."""

    n: int
    mean: Floats
    m2: Floats

    @classmethod
    def none(cls, channels: int) -> Pooled:
        """Return the moments of no samples."""
        return cls(0, np.zeros(channels), np.zeros(channels))

    def merged(self, other: Pooled) -> Pooled:
        """Return the moments of both together.

        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
        variances", Stanford STAN-CS-79-773, 1979, equation 1.5.
        """
        n = self.n + other.n
        if not n:
            return self
        with np.errstate(invalid="ignore", over="ignore"):
            delta = other.mean - self.mean
            mean = self.mean + delta * (other.n / n)
            m2 = self.m2 + other.m2 + delta * delta * (self.n * other.n / n)
        return Pooled(n, mean, m2)

    @property
    def variance(self) -> Floats:
        """The population variance."""
        return self.m2 / self.n

    @property
    def unbiased(self) -> Floats:
        """The variance with n − 1, which BatchNorm keeps in `running_var`; nan for one sample."""
        return self.m2 / (self.n - 1) if self.n > 1 else np.full_like(self.m2, np.nan)
