"""Whether a result agrees with itself: a document comes from anywhere, and may be forged.

What it says in several ways must be the same each time, and what it says must be possible:

1. The histogram gives count, Σx and Σx², percentiles and ends; these sums give mean and variance of
   `two-pass`, and all channels' together `pooled`.
2. n unsigned samples of scale s have 0 ≤ Σx ≤ Σx² ≤ s·Σx ≤ s²·n; any have (Σx)² ≤ n·Σx²
   (Cauchy-Schwarz).
3. Each image has a sample of each channel unless a selection left it out, and no more than a
   memory holds. What counts and what does not is as many in each channel.
4. `welford` is near `two-pass`; `batchnorm` has seen as many batches as its schedule has.
5. Groups are of some of the images: their integers add up to no more than the whole's, and to just
   these where every sample is of a group. Rules 1 and 2 hold in each.
6. There is a margin where there is a sample or random draws, and only there; and intervals that
   correct it only where it is not reliable.
7. A standard error of mean or std is at most √2 of the std; and nᵢ of n samples have a mean and a
   std that differ from the pooled mean and from 0 by at most √(n/nᵢ) of it: Σ(x − mean)² over them
   is part of that over all.
8. Sums over images are of those images, and of their samples: count, mean and variance follow. As
   u₁² ≤ u₀·u₂ in each image, Σuᵢuⱼ is at most sᵢsⱼ with s = (Σu₀, √(Σu₀·Σu₂), Σu₂), and so on.
9. `summary` is of the images measured, and maybe of some that failed; each count adds up to them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

from bnstat.result.contents import Contents, Group
from bnstat.result.distribution import Distribution, at, occurring
from bnstat.result.estimates import EXACT, BatchNormEstimate, Estimate, ImageSums
from bnstat.text import printable

# Figures are rounded on the way; in samples of size 1.
TOLERANCE = 1e-9
# No image has more samples of a channel: a terabyte of bytes.
MAX_SAMPLES = 1 << 40


def contradictions(stats: Contents) -> Iterator[str]:
    """Yield what in a result contradicts the rest of it, each in words with both figures."""
    yield from _images(stats)
    if stats.channels:
        names = tuple(map(printable, stats.channels))
        whole = _Part("", names, stats.scale, not stats.may_be_signed, stats)
        yield from _histogram(stats, whole)
        yield from _sums(whole)
        yield from _distribution(stats, whole)
        yield from _pooled(stats, whole)
        yield from _methods(stats, whole)
        yield from _conventions(stats, whole)
        yield from _groups(stats, whole)
        yield from _standard_errors(stats, whole)
    yield from _uncertainty(stats)
    if stats.summary is not None:
        source = stats.source
        for contradiction in stats.summary.contradictions(source.images, source.failed):
            yield f"summary.{contradiction}"


@dataclass(frozen=True)
class _Part:
    """All images or a group of them, and what the names of its figures begin with."""

    where: str
    channels: tuple[str, ...]
    scale: int
    unsigned: bool
    of: Contents | Group


def _images(stats: Contents) -> Iterator[str]:
    source, selection, sample = stats.source, stats.selection, stats.sample
    counted = source.images - selection.empty
    if counted < 0 or (counted and not stats.channels):
        yield f"selection.empty is {selection.empty}, of {source.images} images in source.images"
    most = source.images * stats.pipeline.epochs * MAX_SAMPLES
    for count in stats.count:
        if count > most or (count < counted and not selection.excludes):
            yield f"count is {count}, of {source.images} images in source.images"
    if stats.channels:
        totals = [n + m for n, m in zip(stats.count, selection.excluded, strict=True)]
        if min(totals) < max(totals):
            yield f"count and selection.excluded add up to {min(totals)} and to {max(totals)}"
    taken = source.images + source.failed
    if sample is not None and sample.images != taken and source.files is None:
        yield f"sample.images is {sample.images}, but source has {taken}, failures among them"
    if source.units > source.images:
        yield f"source.files is {source.files}, of {source.images} images"
    if (source.truncated_images or 0) > source.images:
        yield f"source.truncated is {source.truncated_images}, of {source.images} images"


def _histogram(stats: Contents, whole: _Part) -> Iterator[str]:
    found = _occurring(stats)
    if found is None:
        return
    scale = stats.max_value if stats.pipeline.spec is None else None
    scale = scale or (255 if stats.sparse_histogram is None else 65535)
    if stats.scale != scale or stats.sum is None or stats.sum_of_squares is None:
        yield f"scale is {stats.scale}, or there are no sums, but there is a histogram"
        return
    names = ("count", "sum", "sum_of_squares")
    said = zip(stats.count, stats.sum, stats.sum_of_squares, strict=True)
    for channel, own, sums in zip(whole.channels, found, said, strict=True):
        for power, (name, value) in enumerate(zip(names, sums, strict=True)):
            counted = sum(n * v**power for v, n in zip(own.values, own.counts, strict=True))
            if value != counted:
                yield f"{name} of {channel} is {value}, but {counted} by the histogram"


def _occurring(stats: Contents) -> Distribution | None:
    if stats.sparse_histogram is not None:
        return stats.sparse_histogram
    return None if stats.histogram is None else occurring(stats.histogram)


def _distribution(stats: Contents, whole: _Part) -> Iterator[str]:
    """Yield where percentiles or ends are not those of the histogram."""
    found = _occurring(stats)
    known = stats.order_statistics
    if found is None or known.quantiles is None or not all(channel.counts for channel in found):
        return
    figures = [(f"quantiles.{q}", said, float(q)) for q, said in known.quantiles.items()]
    for name, said, q in (*figures, ("min", known.min, 0.0), ("max", known.max, 100.0)):
        expected = at(found, stats.scale, q)
        for channel, own, other in zip(whole.channels, said or (), expected, strict=False):
            if not _near(own, other):
                yield f"{name} of {channel} is {own!r}, but {other!r} by the histogram"


def _pooled(stats: Contents, whole: _Part) -> Iterator[str]:
    n = sum(stats.count)
    if stats.pooled is None or not n:
        return
    rows = list(zip(stats.count, stats.exact.mean, stats.exact.var, strict=True))
    mean = math.fsum(count * mean for count, mean, _ in rows) / n
    square = math.fsum(count * (var + (own - mean) ** 2) for count, own, var in rows) / n
    for name, own, other in (
        ("mean", stats.pooled.mean, mean),
        ("std", stats.pooled.std, math.sqrt(square)),
    ):
        if not _near(own, other):
            yield f"pooled {name} is {own!r}, but {other!r} of all channels"


def _sums(part: _Part) -> Iterator[str]:
    """Yield what is wrong with sums, or with the mean and the variance that follow from them."""
    figures, scale = part.of, part.scale
    if figures.sum is None or figures.sum_of_squares is None:
        if scale != 1 and part.where == "":
            yield f"scale is {scale}, but there are no sums"
        return
    means, variances = list(figures.exact.mean), list(figures.exact.var)
    sums = zip(figures.count, figures.sum, figures.sum_of_squares, strict=True)
    for c, (n, first, second) in enumerate(sums):
        ordered = first <= second <= scale * first <= scale**2 * n
        if first**2 > n * second or (second and not n) or (part.unsigned and not ordered):
            yield (
                f"{part.where}sum of {part.channels[c]} is {first} and sum_of_squares {second}, "
                f"which {n} samples cannot have"
            )
        elif n:
            means[c] = first / (n * scale)
            variances[c] = (n * second - first * first) / (n * scale) ** 2
    exact = Estimate(tuple(means), tuple(variances))
    yield from _differences(part, part.where, figures.exact, exact, "by the sums")


def _differences(
    part: _Part, what: str, said: Estimate, expected: Estimate, source: str
) -> Iterator[str]:
    for name in ("mean", "var"):
        values = zip(part.channels, getattr(said, name), getattr(expected, name), strict=True)
        for channel, own, other in values:
            if not _near(own, other):
                yield f"{what}{name} of {channel} is {own!r}, but {other!r} {source}"


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))


def _methods(stats: Contents, whole: _Part) -> Iterator[str]:
    welford = stats.methods.get("welford")
    if welford is not None:
        yield from _differences(whole, "welford ", welford, stats.exact, f"by {EXACT}")
    replayed, dataset = stats.methods.get("batchnorm"), stats.source.dataset
    if not isinstance(replayed, BatchNormEstimate):
        return
    if dataset is not None and dataset.type == "bnstat.Accumulator":
        return  # its batches are of any sizes
    batches = stats.pipeline.epochs * -(-stats.source.images // replayed.batch_size)
    if replayed.batches != batches:
        yield f"batchnorm batches is {replayed.batches}, but the schedule has {batches}"
    momentum = replayed.momentum
    start = 0.0 if momentum is None else (1.0 - momentum) ** batches
    if not _near(replayed.start_weight, start):
        yield f"batchnorm start_weight is {replayed.start_weight!r}, but {start!r} by its momentum"


def _conventions(stats: Contents, whole: _Part) -> Iterator[str]:
    rows = list(zip(whole.channels, stats.count, stats.exact.mean, stats.exact.var, strict=True))
    for name, values in stats.conventions.items():
        for value, (channel, n, mean, var) in zip(values, rows, strict=True):
            center = mean if name.endswith("means") else 0.0
            farthest = math.sqrt(var * n) * (1 + TOLERANCE) + TOLERANCE
            if abs(value - center) > farthest + TOLERANCE * abs(center):
                yield (
                    f"conventions.{printable(name)} of {channel} is {value!r}, of "
                    f"{n} samples of std {math.sqrt(var)!r}"
                )


def _groups(stats: Contents, whole: _Part) -> Iterator[str]:
    if stats.groups is None:
        return
    groups = stats.groups.values()
    images = sum(group.images for group in groups)
    if images > stats.source.images:
        yield f"groups have {images} images, and source.images is {stats.source.images}"
    for name, group in stats.groups.items():
        yield from _sums(replace(whole, where=f"groups.{printable(name)} ", of=group))
    counts = tuple(sum(n) for n in zip(*(group.count for group in groups), strict=True))
    for name in ("count", "sum", "sum_of_squares"):
        yield from _added(name, groups, whole, everything=counts == stats.count)
    if counts == stats.count:
        yield from _group_ends(groups, stats, whole)


def _group_ends(groups: Collection[Group], stats: Contents, whole: _Part) -> Iterator[str]:
    """Yield where the smallest or largest value is not that of any group."""
    for end, of in (("min", min), ("max", max)):
        own = [getattr(group.order_statistics, end) for group in groups]
        said = getattr(stats.order_statistics, end)
        if said is None or None in own:
            continue
        for channel, value, *each in zip(whole.channels, said, *own, strict=True):
            if not _near(value, of(each)):
                yield f"{end} of {channel} is {value!r}, but {of(each)!r} of all groups"


def _added(
    name: str, groups: Collection[Group], whole: _Part, *, everything: bool
) -> Iterator[str]:
    columns = [getattr(each, name) for each in (*groups, whole.of)]
    if any(column is None for column in columns):
        return
    ascends = whole.unsigned or name != "sum"  # with each image that is added
    for channel, *values, total in zip(whole.channels, *columns, strict=True):
        added = sum(values)
        if (added > total and ascends) or (added != total and everything):
            yield f"{name} of {channel} is {total}, but {added} in all groups"


def _is_drawn(stats: Contents) -> bool:
    """Whether a pipeline, or a dataset at random, draws each image in each epoch."""
    dataset = stats.source.dataset
    return stats.pipeline.spec is not None or (dataset is not None and dataset.random)


def _uncertainty(stats: Contents) -> Iterator[str]:
    uncertainty, sample = stats.uncertainty, stats.sample
    if uncertainty is None:
        return
    sampled = sample is not None and sample.images < sample.of
    causes = ", ".join(uncertainty.of) or "nothing"
    if sampled != ("sample" in uncertainty.of):
        yield f"uncertainty.of is {causes}, but sample is of {'some' if sampled else 'all'} images"
    if "draws" in uncertainty.of and not _is_drawn(stats):
        yield f"uncertainty.of is {causes}, but there is no pipeline"
    if bool(uncertainty.of) != (uncertainty.margin is not None):
        margin = "no margin" if uncertainty.margin is None else "a margin"
        yield f"uncertainty.of is {causes}, but there is {margin}"
    if uncertainty.corrected is not None and (uncertainty.reliable or uncertainty.margin is None):
        yield "uncertainty.corrected is there, but no margin that is not reliable"
    if uncertainty.sketch is not None and len(uncertainty.sketch.hashes) > stats.source.units:
        yield f"uncertainty.sketch has more hashes than there are {stats.source.unit}s"


def _standard_errors(stats: Contents, whole: _Part) -> Iterator[str]:
    if stats.uncertainty is None:
        return
    errors = stats.uncertainty.superpopulation
    for name, values in (("mean", errors.mean), ("std", errors.std)):
        for channel, error, var in zip(whole.channels, values, stats.exact.var, strict=True):
            if error > math.sqrt(2.0 * var) * (1 + TOLERANCE) + TOLERANCE:
                yield (
                    f"superpopulation {name} of {channel} is {error!r}, of samples of std "
                    f"{math.sqrt(var)!r}"
                )
    yield from _image_sums(stats.uncertainty.sums or (), stats, whole)


def _image_sums(sums: Sequence[ImageSums], stats: Contents, whole: _Part) -> Iterator[str]:
    draws = stats.pipeline.epochs if _is_drawn(stats) else 1
    for c, each in enumerate(sums):
        channel, n, var = whole.channels[c], stats.count[c] / draws, stats.exact.var[c]
        away = stats.exact.mean[c] - each.center
        expected = n, n * away, n * (var + away * away)
        sizes = n, n * math.sqrt(var + away * away), expected[2]
        if each.images != stats.source.units:
            yield f"sums of {channel} are of {each.images} images, not {stats.source.units}"
        for own, other, size in zip(each.first, expected, sizes, strict=True):
            if abs(own - other) > TOLERANCE * size:
                yield f"sums.first of {channel} has {own!r}, but {other!r} by mean and var"
        yield from _products(each, channel, (n, math.sqrt(n * expected[2]), expected[2]), draws)


def _products(sums: ImageSums, channel: str, sizes: Sequence[float], draws: int) -> Iterator[str]:
    """Yield where sums of products pass what images of these samples can have."""
    for order, name in enumerate(("second", "third", "fourth"), start=2):
        # Of deviations, a draw may have all that its image has.
        for key, most in ((name, 1), (f"{name}_within", draws)):
            places = combinations_with_replacement(sizes, order)
            for value, factors in zip(getattr(sums, key) or (), places, strict=False):
                largest = math.prod(draws * most * factor for factor in factors) * draws
                if abs(value) > largest * (1 + TOLERANCE):
                    said = f"sums.{key} of {channel} has {value!r}"
                    yield f"{said}, but at most {largest!r} is possible"
