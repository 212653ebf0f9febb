"""The figures of several results together, to those of one run over all their images.

Integer samples are exact, as their sums are. Of float samples each result holds n, mean and
variance, which are those of its own samples rounded once; they are added in rational arithmetic,
and rounded once more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

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
    Selection,
    Stats,
    Uncertainty,
    empty_figures,
)
from bnstat.result.distribution import Distribution, added, distribution_figures, pack, unpack
from bnstat.result.estimates import Sketch
from bnstat.settings.setting import PERCENTILES

T = TypeVar("T")


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


def merged_sample(results: Sequence[Stats]) -> Sample | None:
    """Return the sample of results whose samples agree; shards are of the same images found."""
    samples = [stats.sample for stats in results if stats.sample is not None]
    if not samples:
        return None
    shards = results[0].source.shards is not None
    found = samples[0].of if shards else sum(sample.of for sample in samples)
    return replace(samples[0], images=sum(sample.images for sample in samples), of=found)


def merged_selection(selections: Sequence[Selection]) -> Selection:
    """Return the selection of results that were measured with the same conditions.

    What is not known of one of them (transparent pixels, in version 1) is not known of all.
    """
    excluded = [each.excluded for each in selections if each.excluded]
    transparent = _all_known(each.transparent for each in selections)
    return replace(
        selections[0],
        excluded=tuple(map(sum, zip(*excluded, strict=True))),
        empty=sum(each.empty for each in selections),
        transparent=None if transparent is None else sum(transparent),
    )


def merged_uncertainty(results: Sequence[Stats], sample: Sample | None) -> Uncertainty | None:
    """Return how sure the figures are, as one run over all images says; None if it is not known.

    It needs the sums over the images of each result; of one draw at random of each there are none.
    """
    found = [stats for stats in results if any(stats.count)]
    known = _all_known(stats.uncertainty for stats in found) or []
    sums = _all_known(each.sums for each in known)
    images = sum(stats.source.units for stats in results)
    if not sums or images != sum(each[0].images for each in sums):
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
    sketches = _all_known(each.sketch for each in known)
    return replace(
        uncertainty_of(pairs, images, design, known[0].confidence),
        sums=tuple(map(merged_sums, zip(*sums, strict=True))),
        sketch=None if sketches is None else Sketch.of(h for s in sketches for h in s.hashes),
    )


def _all_known(values: Iterable[T | None]) -> list[T] | None:
    known: list[T] = []
    for value in values:
        if value is None:
            return None
        known.append(value)
    return known


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
    known = _all_known(stats.distribution for stats in found)
    scales = [stats.scale for stats in found]
    return None if known is None else added(list(zip(scales, known, strict=True)), _scale(found))


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
    distribution = _group_distribution(parts, scale)
    statistics, packed = _ends(groups), None
    if distribution is not None:
        figures = distribution_figures(distribution, scale, percentiles, deep=False)
        statistics, packed = figures["order_statistics"], pack(distribution)
    return Group(
        images=sum(group.images for group in groups),
        count=_count(groups),
        sum=own.sum if own else None,
        sum_of_squares=own.sum_of_squares if own else None,
        exact=Estimate(own.mean(), own.var()) if own else _pooled(groups),
        order_statistics=statistics,
        packed_histogram=packed,
    )


def _group_distribution(parts: Sequence[tuple[int, Group]], scale: int) -> Distribution | None:
    """Return which values occur in groups together; None if one does not know."""
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
    low = _all_known(part.order_statistics.min for part in parts)
    high = _all_known(part.order_statistics.max for part in parts)
    return OrderStatistics(
        None,
        None if low is None else tuple(map(min, zip(*low, strict=True))),
        None if high is None else tuple(map(max, zip(*high, strict=True))),
    )


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
    histograms = _all_known(stats.histogram for stats in found)
    if histograms is None:
        return None
    return tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*histograms, strict=True))


def _pooled(found: Sequence[Stats | Group]) -> Estimate:
    """Return mean and variance of all samples from those of each part, rounded once."""
    rows = (zip(s.count, s.exact.mean, s.exact.var, strict=True) for s in found)
    channels = zip(*rows, strict=True)
    pooled = [_pooled_channel(*zip(*each, strict=True)) for each in channels]
    return Estimate(*zip(*pooled, strict=True))


def _pooled_channel(n: Sequence[int], means: Floats, variances: Floats) -> tuple[float, float]:
    mean = _weighted(means, n)
    between = _weighted([(Fraction(value) - mean) ** 2 for value in means], n)
    return float(mean), float(_weighted(variances, n) + between)


def _weighted(values: Sequence[float | Fraction], weights: Sequence[int]) -> Fraction:
    pairs = zip(values, weights, strict=True)
    return sum((Fraction(v) * w for v, w in pairs), start=Fraction(0)) / sum(weights)


def _chan(found: Sequence[Stats], name: str) -> Estimate | None:
    """Return a method's figures of each result, merged in float64, one result after another."""
    estimates = _all_known(stats.methods.get(name) for stats in found)
    if estimates is None:
        return None
    own = [(stats.count, each) for stats, each in zip(found, estimates, strict=True)]
    pairs = [
        chan((n[c], each.mean[c], n[c] * each.var[c]) for n, each in own)
        for c in range(len(found[0].channels))
    ]
    return Estimate(*zip(*pairs, strict=True))


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
        rows = _all_known(stats.conventions.get(name) for stats in found)
        if rows is not None:
            average = _root_mean_square if name.startswith("root_mean") else _weighted
            columns = zip(*rows, strict=True)
            merged[name] = tuple(float(average(column, images)) for column in columns)
    return merged


def _root_mean_square(values: Sequence[float], weights: Sequence[int]) -> float:
    return math.sqrt(_weighted([Fraction(value) ** 2 for value in values], weights))
