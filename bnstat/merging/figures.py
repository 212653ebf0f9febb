"""The figures of several results together, to those of one run over all their images.

Integer samples are exact, as their sums are. Of float samples each result holds n, mean and
variance, which are those of its own samples rounded once; they are added in rational arithmetic,
and rounded once more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from bnstat.errors import MergeError
from bnstat.estimators import (
    Design,
    chan,
    merged_sums,
    over_channels,
    spreads_of_sums,
    uncertainty_of,
)
from bnstat.moments import Moments
from bnstat.result import (
    EXACT,
    METHODS,
    Estimate,
    Floats,
    Group,
    Method,
    OrderStatistics,
    Sample,
    Stats,
    Uncertainty,
    empty_figures,
)
from bnstat.result.distribution import Distribution, added, distribution_figures, pack, unpack
from bnstat.result.estimates import Sketch
from bnstat.settings.setting import PERCENTILES


def merged_figures(results: Sequence[Stats]) -> dict[str, Any]:
    """Return the figures of results of the same channels; those without an image add nothing."""
    found = [stats for stats in results if any(stats.count)]
    if not found:
        return empty_figures()
    total = _total(found)
    methods = {name: _merged(method, found, total) for name, method in METHODS.items()}
    count, exact = _count(found), methods[EXACT]
    deep = any(stats.sparse_histogram is not None for stats in found)
    return {
        "channels": found[0].channels,
        "scale": total.scale if total else 1,
        "count": count,
        "sum": total.sum if total else None,
        "sum_of_squares": total.sum_of_squares if total else None,
        "histogram": None if deep else _histogram(found),
        "order_statistics": _ends(found),
        **distribution_figures(
            _distribution(found), _scale(found), _percentiles(found[0]), deep=deep
        ),
        "pooled": exact and over_channels(count, exact, total),
        "methods": methods,
        "conventions": _conventions(found),
        "groups": _merged_groups(found),
        "reasons": {
            name: "not all of the merged results have it" if method.merging else method.not_merged
            for name, method in METHODS.items()
            if methods[name] is None
        },
    }


def merged_uncertainty(results: Sequence[Stats], sample: Sample | None) -> Uncertainty | None:
    """Return how sure the figures are, as one run over all images says; None if it is not known.

    It needs the sums over the images of each result; of one draw at random of each there are none.
    """
    found = [stats for stats in results if any(stats.count)]
    known = [stats.uncertainty for stats in found if stats.uncertainty is not None]
    sums = [each.sums for each in known if each.sums is not None]
    images = sum(stats.source.units for stats in results)
    if not sums or len(sums) < len(found) or images != sum(each[0].images for each in sums):
        return None
    pipeline, exact = found[0].pipeline, _exact(found, _total(found))
    sampled = sample is not None and sample.images < sample.of
    there = sample.of if sample is not None and sampled else images
    random = any(stats.draws_at_random for stats in found)
    design = Design(there, pipeline.epochs if random else 1, random)
    pairs = [
        spreads_of_sums(merged_sums(parts), mean, var, design)
        for parts, mean, var in zip(zip(*sums, strict=True), exact.mean, exact.var, strict=True)
    ]
    merged = uncertainty_of(pairs, images, design, known[0].confidence)
    return replace(
        merged,
        sums=tuple(map(merged_sums, zip(*sums, strict=True))),
        sketch=_merged_sketch([each.sketch for each in known]),
    )


def _merged_sketch(sketches: Sequence[Sketch | None]) -> Sketch | None:
    known = [each for each in sketches if each is not None]
    if len(known) < len(sketches):
        return None
    return Sketch.of(h for each in known for h in each.hashes)


def _exact(found: Sequence[Stats], total: Moments | None) -> Estimate:
    return Estimate(total.mean(), total.var()) if total else _pooled(found)


def _merged(method: Method, found: Sequence[Stats], total: Moments | None) -> Estimate | None:
    if method.merging == "exact":
        return _exact(found, total)
    if method.merging == "chan":
        return _chan(found, method.name)
    return None


def _count(found: Sequence[Stats | Group]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(part.count for part in found), strict=True)))


def _distribution(found: Sequence[Stats]) -> Distribution | None:
    """Return which values occur in all results; None if one does not know."""
    parts = [(stats.scale, stats.distribution) for stats in found]
    known = [(scale, distribution) for scale, distribution in parts if distribution is not None]
    return added(known, _scale(found)) if len(known) == len(parts) else None


def _percentiles(stats: Stats) -> Sequence[float]:
    known = stats.order_statistics.quantiles
    return PERCENTILES if known is None else [float(name) for name in known]


def _merged_groups(found: Sequence[Stats]) -> dict[str, Group] | None:
    """Return the figures of each label in all results; None if one has none."""
    parts: dict[str, list[tuple[int, Group]]] = {}
    for stats in found:
        if stats.groups is None:
            return None
        for label, group in stats.groups.items():
            parts.setdefault(label, []).append((stats.scale, group))
    scale, percentiles = _scale(found), _percentiles(found[0])
    return {label: _group(parts[label], scale, percentiles) for label in sorted(parts)}


def _scale(found: Sequence[Stats]) -> int:
    """Return the unit of results together: 1 if any are of floats, else that of the deepest."""
    scales = {stats.scale for stats in found}
    return 1 if 1 in scales else max(scales)


def _group(parts: Sequence[tuple[int, Group]], scale: int, percentiles: Sequence[float]) -> Group:
    """Return one label's groups, each with its unit, as one in the unit of the whole."""
    groups = [group for _, group in parts]
    total = _added(parts)
    own = total.at(scale) if total and (total.scale == 1) == (scale == 1) else None
    whole = Group(
        images=sum(group.images for group in groups),
        count=_count(groups),
        sum=own.sum if own else None,
        sum_of_squares=own.sum_of_squares if own else None,
        exact=Estimate(own.mean(), own.var()) if own else _pooled(groups),
        order_statistics=_ends(groups),
    )
    distribution = _group_distribution(parts, scale)
    if distribution is None:
        return whole
    figures = distribution_figures(distribution, scale, percentiles, deep=False)
    statistics = figures["order_statistics"]
    return replace(whole, order_statistics=statistics, packed_histogram=pack(distribution))


def _group_distribution(parts: Sequence[tuple[int, Group]], scale: int) -> Distribution | None:
    """Return which values occur in groups together; None if one does not know.

    Raises
    ------
    MergeError
        If what one says of them is not of its own samples.
    """
    known = [(own, _unpacked(group)) for own, group in parts if group.packed_histogram is not None]
    return added(known, scale) if len(known) == len(parts) and scale != 1 else None


def _unpacked(group: Group) -> Distribution:
    try:
        found = unpack(group.packed_histogram or "", len(group.count))
    except ValueError as error:
        raise MergeError(
            f"packed_histogram of a group cannot be read: {error}; measure its shard again"
        ) from error
    if [sum(channel.counts) for channel in found] != list(group.count):
        raise MergeError(
            "packed_histogram of a group is of other samples than its count; measure its shard "
            "again"
        )
    return found


def _ends(parts: Sequence[Stats | Group]) -> OrderStatistics:
    """Return the smallest and the largest value of parts together, if all tell theirs."""
    each = [part.order_statistics for part in parts]
    low, high = [own.min for own in each], [own.max for own in each]
    return OrderStatistics(None, _by_channel(min, low), _by_channel(max, high))


def _by_channel(
    end: Callable[[tuple[float, ...]], float], each: Sequence[Floats | None]
) -> Floats | None:
    known = [values for values in each if values is not None]
    return tuple(map(end, zip(*known, strict=True))) if len(known) == len(each) else None


def _total(found: Sequence[Stats]) -> Moments | None:
    return _added([(stats.scale, stats) for stats in found])


def _added(parts: Sequence[tuple[int, Stats | Group]]) -> Moments | None:
    """Return the sums of parts in units of their own together; None if one has none."""
    total: Moments | None = None
    mixed = len({scale == 1 for scale, _ in parts}) > 1  # of which one has no known scale
    for scale, part in parts:
        if mixed or part.sum is None or part.sum_of_squares is None:
            return None
        own = Moments(scale, part.count, part.sum, part.sum_of_squares)
        total = own if total is None else total + own
    return total


def _histogram(found: Sequence[Stats]) -> tuple[tuple[int, ...], ...] | None:
    """Return how often each 8-bit value occurs in all results, (C, 256); None if one lacks it."""
    histograms = [stats.histogram for stats in found if stats.histogram is not None]
    if len(histograms) < len(found):
        return None
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*histograms, strict=True))


def _pooled(found: Sequence[Stats | Group]) -> Estimate:
    """Return mean and variance of all samples from those of each part, rounded once."""
    rows = (zip(s.count, s.exact.mean, s.exact.var, strict=True) for s in found)
    channels = zip(*rows, strict=True)
    pooled = [_pooled_channel(*zip(*each, strict=True)) for each in channels]
    return Estimate(tuple(mean for mean, _ in pooled), tuple(var for _, var in pooled))


def _pooled_channel(n: Sequence[int], means: Floats, variances: Floats) -> tuple[float, float]:
    mean = _weighted(means, n)
    between = _weighted([(Fraction(value) - mean) ** 2 for value in means], n)
    return float(mean), float(_weighted(variances, n) + between)


def _weighted(values: Sequence[float | Fraction], weights: Sequence[int]) -> Fraction:
    pairs = zip(values, weights, strict=True)
    return sum((Fraction(v) * w for v, w in pairs), start=Fraction(0)) / sum(weights)


def _chan(found: Sequence[Stats], name: str) -> Estimate | None:
    """Return a method's figures of each result, merged in float64, one result after another."""
    estimates = [stats.methods.get(name) for stats in found]
    own = [(s.count, each) for s, each in zip(found, estimates, strict=True) if each is not None]
    if len(own) < len(found):
        return None
    pairs = [
        chan((n[c], each.mean[c], n[c] * each.var[c]) for n, each in own)
        for c in range(len(found[0].channels))
    ]
    return Estimate(tuple(mean for mean, _ in pairs), tuple(var for _, var in pairs))


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
            average = _root_mean_square if name.startswith("root_mean") else _weighted
            columns = zip(*rows, strict=True)
            merged[name] = tuple(float(average(column, images)) for column in columns)
    return merged


def _root_mean_square(values: Sequence[float], weights: Sequence[int]) -> float:
    return math.sqrt(_weighted([Fraction(value) ** 2 for value in values], weights))
