"""The figures of several results together, to those of one run over all their images.

Integer samples are exact, as their sums are. Of float samples each result holds n, mean and
variance, which are those of its own samples rounded once; they are added in rational arithmetic,
and rounded once more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from bnstat.moments import Moments
from bnstat.stats import Estimate, Stats, no_figures

Floats = tuple[float, ...]

_NO_BATCHNORM = "it depends on the order of all images, which merged results do not hold"


def merged_figures(results: Sequence[Stats]) -> dict[str, Any]:
    """Return the figures of results of the same channels; those without an image add nothing."""
    found = [stats for stats in results if any(stats.count)]
    if not found:
        return no_figures()
    total = _total(found)
    welford = _welford(found)
    return {
        "channels": found[0].channels,
        "scale": total.scale if total else 1,
        "count": tuple(map(sum, zip(*(stats.count for stats in found), strict=True))),
        "sum": total.sum if total else None,
        "sum_of_squares": total.sum_of_squares if total else None,
        "histogram": _histogram(found) if total and total.scale == 255 else None,
        "methods": {
            "two-pass": Estimate(total.mean(), total.var()) if total else _pooled(found),
            "welford": welford,
            "batchnorm": None,
        },
        "conventions": _conventions(found),
        "reasons": {"batchnorm": _NO_BATCHNORM}
        | ({} if welford else {"welford": "not all of the merged results have it"}),
    }


def _total(found: Sequence[Stats]) -> Moments | None:
    """Return the exact moments of all integer samples; None if any samples are floats."""
    total = Moments.empty(len(found[0].channels))
    for stats in found:
        if stats.scale == 1 or stats.sum is None or stats.sum_of_squares is None:
            return None
        total += Moments(stats.scale, stats.count, stats.sum, stats.sum_of_squares)
    return total


def _histogram(found: Sequence[Stats]) -> tuple[tuple[int, ...], ...] | None:
    """Return how often each 8-bit value occurs in all results, (C, 256); None if one lacks it."""
    histograms = [stats.histogram for stats in found if stats.histogram is not None]
    if len(histograms) < len(found):
        return None
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*histograms, strict=True))


def _pooled(found: Sequence[Stats]) -> Estimate:
    """Return mean and variance of all samples from those of each result, rounded once."""
    channels = zip(*(zip(s.count, s.mean, s.var, strict=True) for s in found), strict=True)
    pooled = [_pooled_channel(*zip(*rows, strict=True)) for rows in channels]
    return Estimate(tuple(mean for mean, _ in pooled), tuple(var for _, var in pooled))


def _pooled_channel(n: Sequence[int], means: Floats, variances: Floats) -> tuple[float, float]:
    mean = _weighted(means, n)
    between = _weighted([(Fraction(value) - mean) ** 2 for value in means], n)
    return float(mean), float(_weighted(variances, n) + between)


def _columns(rows: Sequence[Floats]) -> list[tuple[float, ...]]:
    return list(zip(*rows, strict=True))


def _weighted(values: Sequence[float | Fraction], weights: Sequence[int]) -> Fraction:
    """Return the weighted mean, exactly."""
    pairs = zip(values, weights, strict=True)
    return sum((Fraction(v) * w for v, w in pairs), start=Fraction(0)) / sum(weights)


def _welford(found: Sequence[Stats]) -> Estimate | None:
    """Return Chan's merge of the results' own welford figures, in float64, one after another."""
    own = [(stats.count, stats.methods["welford"]) for stats in found]
    merged = [
        _chan([(n[c], each.mean[c], n[c] * each.var[c]) for n, each in own if each is not None])
        for c in range(len(found[0].channels))
    ]
    if any(each is None for _, each in own):
        return None
    return Estimate(tuple(mean for mean, _ in merged), tuple(var for _, var in merged))


def _chan(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """Return mean and variance of n, mean and M2: Chan et al., STAN-CS-79-773, equation 1.5."""
    n = mean = m2 = 0.0
    for n_b, mean_b, m2_b in rows:
        total = n + n_b
        delta = mean_b - mean
        mean += delta * (n_b / total)
        m2 += m2_b + delta * delta * (n * n_b / total)
        n = total
    return mean, m2 / n if n else 0.0


def _conventions(found: Sequence[Stats]) -> dict[str, Floats]:
    """Return the conventions that all results have.

    Each is a mean over draws, and all images have equally many: a result weighs as its images. The
    root of the mean variance is averaged as its square.
    """
    images = [stats.source.images for stats in found]
    if not sum(images):
        return {}
    merged = {}
    for name in ("mean_of_image_means", "mean_of_image_stds", "root_mean_image_variance"):
        rows = [stats.conventions[name] for stats in found if name in stats.conventions]
        if len(rows) == len(found):
            average = _root_mean_square if name.startswith("root_mean") else _mean
            merged[name] = tuple(average(column, images) for column in _columns(rows))
    return merged


def _mean(values: Sequence[float], weights: Sequence[int]) -> float:
    return float(_weighted(values, weights))


def _root_mean_square(values: Sequence[float], weights: Sequence[int]) -> float:
    return math.sqrt(_weighted([Fraction(value) ** 2 for value in values], weights))
