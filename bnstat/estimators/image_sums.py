"""What a document keeps of single images: sums that margins follow from, and a sketch; both merge.

What an image contributes to mean and std is linear in u = (n, Σ(x − c), Σ(x − c)²) of its samples,
for any center c: about the pooled mean, z = u₁/n̄ and e = (u₂ − var·u₀)/(2·std·n̄). So the squares
of contributions, their cubes for `corrected` and their fourth powers for `reliable` follow from the
sums over images of u and of its products of order 2, 3 and 4: 3 + 6 + 10 + 15 numbers a channel.
About another center u is linear in u, and the sums go along. Of several draws, u is their average,
and the same sums of the deviations within images tell the draws.

The sketch has the smallest hashes of images. An image is known by the name of its file and by its
moments, so that it is the same in another folder, an archive or a copy. The 40 upper bits of its
hash are of the moments and decide the order, the 24 lower ones of the name, which is hashed for the
smallest alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from hashlib import blake2b
from itertools import combinations_with_replacement, permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnstat.estimators.spreads import Design, Spread, spread_of_variances
from bnstat.moments import ChannelMoments, Floats, Records
from bnstat.result import ImageSums
from bnstat.result.estimates import SKETCH_SIZE, Sketch

# Of the images' averages and of the deviations within images, the products of each order.
_ORDERS = {"second": 2, "third": 3, "fourth": 4}
_WITHIN = {f"{name}_within": order for name, order in _ORDERS.items()}
_PLACES = {order: list(combinations_with_replacement(range(3), order)) for order in (2, 3, 4)}
_NAME_BITS = 24


def image_sums(records: Records) -> tuple[ImageSums, ...] | None:
    """Return the sums of each channel, about its own mean; None where they pass every float."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = records.by_channel(lambda c: _sums(records.column(c), records.draws))
    numbers = (each.fourth + (each.fourth_within or ()) for each in sums)
    return tuple(sums) if all(math.isfinite(n) for row in numbers for n in row) else None


def _sums(column: ChannelMoments, draws: int) -> ImageSums:
    n, mean, m2 = column
    center = float(n @ mean / n.sum())
    away = np.where(n > 0, mean - center, 0.0)
    u = np.stack([n, n * away, m2 + n * away * away], axis=1).reshape(-1, draws, 3)
    each = u.mean(axis=1)
    inside = (u - each[:, np.newaxis]).reshape(-1, 3)
    products: dict[str, Any] = {name: _products(each, order) for name, order in _ORDERS.items()}
    if draws > 1:
        products |= {name: _products(inside, order) for name, order in _WITHIN.items()}
    return ImageSums(len(each), center, tuple(each.sum(axis=0).tolist()), **products)


def _products(u: Floats, order: int) -> tuple[float, ...]:
    return tuple(float(np.prod(u[:, list(place)], axis=1).sum()) for place in _PLACES[order])


def merged_sums(parts: Sequence[ImageSums]) -> ImageSums:
    """Return the sums over the images of all parts, about the centre of the first."""
    center = parts[0].center
    moved = [about(part, center) for part in parts]
    added: dict[str, Any] = {}
    for name in ("first", *_ORDERS, *_WITHIN):
        rows = [getattr(part, name) for part in moved]
        known = None not in rows
        added[name] = tuple(map(math.fsum, zip(*rows, strict=True))) if known else None
    return ImageSums(images=sum(part.images for part in parts), center=center, **added)


def about(sums: ImageSums, center: float) -> ImageSums:
    shift = center - sums.center
    if shift == 0.0:
        return sums
    change = np.array([[1.0, 0.0, 0.0], [-shift, 1.0, 0.0], [shift * shift, -2.0 * shift, 1.0]])

    moved: dict[str, Any] = {}
    for name, order in (_ORDERS | _WITHIN).items():
        values = getattr(sums, name)
        if values is not None:
            tensor = _tensor(values, order)
            for axis in range(order):
                tensor = np.moveaxis(np.tensordot(change, tensor, (1, axis)), 0, axis)
            moved[name] = tuple(float(tensor[place]) for place in _PLACES[order])
    first = tuple((change @ np.array(sums.first)).tolist())
    return replace(sums, center=center, first=first, **moved)


def _tensor(values: Sequence[float], order: int) -> Floats:
    tensor = np.zeros((3,) * order)
    for place, value in zip(_PLACES[order], values, strict=True):
        for each in set(permutations(place)):
            tensor[each] = value
    return tensor


def spreads_of_sums(
    sums: ImageSums, mean: float, var: float, design: Design
) -> tuple[Spread, Spread]:
    """Return the uncertainty of mean and std, as `spreads` does of single images.

    Where draws are random there must be several of each image.
    """
    sums = about(sums, mean)
    per_image = sums.first[0] / sums.images
    slope = 2.0 * math.sqrt(var)
    to_mean = np.array([0.0, 1.0, 0.0]) / per_image
    to_std = np.array([-var, 0.0, 1.0]) / (slope * per_image) if var > 0.0 else np.zeros(3)
    return _spread(sums, to_mean, design), _spread(sums, to_std, design)


def _spread(sums: ImageSums, form: Floats, design: Design) -> Spread:
    images, total = sums.images, float(form @ np.array(sums.first))
    between = max(0.0, _value(sums.second, form, 2) - total * total / images) / (images - 1)
    within, carried = None, (sums.second, sums.third, sums.fourth)
    if design.random and sums.second_within is not None:
        within = max(0.0, _value(sums.second_within, form, 2)) / (images * (design.draws - 1))
        if images >= design.found:
            carried = sums.second_within, sums.third_within or (), sums.fourth_within or ()
    second, third, fourth = (_value(each, form, order) for order, each in enumerate(carried, 2))
    effective = second / fourth * second if fourth > 0.0 else math.inf
    size = math.sqrt(max(0.0, second))
    skewness = third / size / size / size if size else 0.0
    return spread_of_variances(between, within, images, design, effective, skewness)


def _value(values: Sequence[float], form: Floats, order: int) -> float:
    """Return the sum over images of a power of a linear form of u."""
    return float(reduce(lambda tensor, _: tensor @ form, range(order), _tensor(values, order)))


def sketch(records: Records) -> Sketch:
    """Return the sketch of the images, by their moments in all draws and channels."""
    hashes = np.zeros(len(records), np.uint64)
    for channel in range(len(records.channels)):
        for values in records.column(channel):
            for draw in values.view(np.uint64).reshape(len(hashes), -1).T:
                hashes = _mixed(hashes ^ draw)
    hashes = hashes >> np.uint64(_NAME_BITS) << np.uint64(_NAME_BITS)
    reach = np.unique(hashes)[:SKETCH_SIZE][-1]
    keys = list(records.keys())
    smallest = np.flatnonzero(hashes <= reach)
    return Sketch.of(int(hashes[i]) | _name_bits(keys[i]) for i in smallest)


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return words each bit of which depends on all (splitmix64, Steele et al., OOPSLA 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)


def _name_bits(key: bytes) -> int:
    name = key.rsplit(b"/", 1)[-1]
    return int.from_bytes(blake2b(name, digest_size=_NAME_BITS // 8).digest())
