"""How far BatchNorm's running values are from two-pass, and how far shuffles lead them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bnstat.result import BatchNormEstimate, Floats, Stats

# How many standard deviations over shuffles a running value may be from their average: of 12,000
# shuffled runs on images of all sizes 3 had one beyond 4.5, none beyond 5 (docs/methods.md).
NOISE = 5.0
# How far rounding may put it off, in units of the data's own size.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Deviation:
    """How far a running value of one channel is from two-pass's, and how far it may be.

    off: the difference; expected: what shuffles lead to on average; noise: how far from that a
    shuffle may be.
    """

    channel: str
    off: float
    expected: float
    noise: float

    @property
    def excess(self) -> float:
        """How far it is beyond what is allowed, in units of that; 0 or less is within."""
        away = abs(self.off - self.expected)
        return away / self.noise - 1 if self.noise else away

    def __str__(self) -> str:
        """Return the difference, the channel, and what is allowed there, to the same digits."""
        low, high = self.expected - self.noise, self.expected + self.noise
        for digits in range(2, 16):
            off, *allowed = (f"{value:+.{digits}g}" for value in (self.off, low, high))
            if self.excess <= 0 or off not in allowed:
                break
        return f"{off} in {self.channel} (allowed: {' to '.join(allowed)})"


def deviations(
    stats: Stats, estimate: BatchNormEstimate
) -> tuple[list[Deviation], list[Deviation]]:
    """Return how far running mean and running variance are off, per channel."""
    expected, sd = estimate.expected or _expected(stats, estimate), estimate.expected_sd
    return (
        _deviations(stats, stats.exact.mean, estimate.mean, expected["mean"], sd["mean"]),
        _deviations(stats, stats.exact.var, estimate.var, expected["var"], sd["var"]),
    )


def _deviations(
    stats: Stats, exact: Floats, running: Floats, expected: Floats, sds: Floats
) -> list[Deviation]:
    rows = zip(stats.channels, stats.exact.std, exact, running, expected, sds, strict=True)
    return [
        Deviation(channel, value - true, centre - true, NOISE * sd + ROUNDING * (abs(true) + std))
        for channel, std, true, value, centre, sd in rows
    ]


def _expected(stats: Stats, estimate: BatchNormEstimate) -> Mapping[str, Floats]:
    """Return what shuffles lead to if images have one size, for a document that does not say.

    The start at 0 and 1 keeps its weight. Of the variance, batches leave out the variance between
    their means, and have ddof 1.
    """
    start, images = estimate.start_weight, stats.source.images
    batch = min(estimate.batch_size, images)
    within = stats.conventions.get("root_mean_image_variance", stats.exact.std)
    var = []
    for n, v, w in zip(stats.count, stats.exact.var, within, strict=True):
        samples = n * batch / images
        left_out = max(0.0, v - w * w) * (1 / batch - 1 / images)
        var.append(start + (1 - start) * (v - left_out) * samples / max(1.0, samples - 1))
    return {"mean": tuple((1 - start) * m for m in stats.exact.mean), "var": tuple(var)}
