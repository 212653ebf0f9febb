"""How far the errors of two sets of images go together, by the images that they share.

What two sets share goes into both figures. Of m₁ and m₂ images of one population, s of them in
both, the errors have the covariance S²·s/(m₁·m₂), with S² the variance of what images contribute;
of samples of N images it is S²·(s/(m₁·m₂) − 1/N). Sketches tell s.
"""

from __future__ import annotations

import math
from typing import Any

from bnstat.result import Floats, MeanAndStd, Sketch, Stats


def shared_images(one: Stats, other: Stats) -> float | None:
    """Return how many images are in both, as they were measured; None where it is not known."""
    if one.uncertainty is None or other.uncertainty is None:
        return None
    sketches = one.uncertainty.sketch, other.uncertainty.sketch
    if sketches[0] is None or sketches[1] is None:
        return None
    shared = number_shared(sketches[0], sketches[1], (one.source.units, other.source.units))
    return shared if shared or _measured_alike(one, other) else None


def number_shared(one: Sketch, other: Sketch, images: tuple[int, int]) -> float:
    """Estimate how many images two sets share; sketches of small sets know it.

    With the share J of all images in both, s = J·(m₁ + m₂ − s).
    """
    share = one.resemblance(other)
    return min(*images, share / (1.0 + share) * sum(images))


def correlation(shared: float, images: tuple[int, int], found: float = math.inf) -> float:
    """Return that of the errors of two sets of so many images, of `found` that there are."""
    one, other = images
    size = math.sqrt((1.0 / one - 1.0 / found) * (1.0 / other - 1.0 / found))
    return max(-1.0, min(1.0, (shared / (one * other) - 1.0 / found) / size)) if size else 0.0


def error_of_difference(one: MeanAndStd, other: MeanAndStd, correlation: float) -> MeanAndStd:
    """Return the error of the difference of figures of which each has an error."""

    def of(ones: Floats, others: Floats) -> Floats:
        squares = (
            a * a + b * b - 2.0 * correlation * a * b for a, b in zip(ones, others, strict=True)
        )
        return tuple(math.sqrt(max(0.0, square)) for square in squares)

    return MeanAndStd(of(one.mean, other.mean), of(one.std, other.std))


def _measured_alike(one: Stats, other: Stats) -> bool:
    """Whether an image that is in both would have the same figures in both."""

    def settings(stats: Stats) -> tuple[Any, ...]:
        steps, drawn = stats.pipeline.transforms, stats.draws_at_random
        seeds = (stats.pipeline.seed, stats.pipeline.epochs) if drawn else ()
        return stats.mode, stats.measured_as, steps, stats.pipeline.before_normalize, seeds

    datasets = [each.source.dataset for each in (one, other)]
    return settings(one) == settings(other) and not any(each and each.random for each in datasets)
