"""Images that are alike, in sets: near hashes are candidates, and what they show decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bnstat.errors import MeasureError
from bnstat.estimators.crop_fit import Grays
from bnstat.estimators.near_hashes import Pairs, Places, Words, near_pairs

# Two images that correlate so are one picture, resized, encoded, brightened or cropped.
ALIKE = 0.98
# Pairs of near hashes that are held: some 40 bytes each while they are sorted.
_MAX_PAIRS = 20_000_000
_BLOCK = 2048
# Sets of unlike images with one hash; beyond these, images are compared no further.
_MAX_LEADERS = 64
# A corner's hash differs from that of a crop in fewer bits than others may.
_FEWER_BITS = 3
_SIDE = 64
# Means of blue and red differences: those of an image that is a tenth brighter differ by less.
_TINT = 14.0


class Small(Protocol):
    """A small copy of an image.

    gray: its gray pixels, (side, side); tint: the means of its blue and its red difference, 128 of
    gray.
    """

    @property
    def gray(self) -> NDArray[np.uint8]: ...

    @property
    def tint(self) -> NDArray[np.float64]: ...


class Alike(NamedTuple):
    """Two images by their places; bits in which hashes differ; correlation; whether mirrored."""

    one: int
    other: int
    bits: int
    correlation: float
    mirrored: bool


class Candidates:
    """Images whose hashes are near another's.

    An item is an image, or its mirror image, whose number is higher by the number of images. Equal
    hashes are compared once, so that many equal images are no more pairs than images.
    """

    def __init__(self, plain: Words, corners: Words, mirrored: Words, bits: int) -> None:
        """Find them; corners: (N, 4), the hashes of what is left when a side is cropped."""
        self._images = len(plain)
        unique, first, self._of_item = np.unique(
            np.concatenate([plain, mirrored]).astype(np.uint64),
            return_index=True,
            return_inverse=True,
        )
        # Of images with one hash, the corners of the first stand for all.
        own = np.flatnonzero(first < self._images)
        found = near_pairs(unique, bits)
        if bits >= _FEWER_BITS:
            of_corners = near_pairs(unique, bits - _FEWER_BITS, corners[first[own]].ravel())
            owners = np.repeat(own, corners.shape[1])
            found = chain(found, (each._replace(other=owners[each.other]) for each in of_corners))
        self._pairs = _nearest(found, len(unique), bits)
        near = np.bincount(self._of_item, minlength=len(unique)) > 1
        near[self._pairs.one] = near[self._pairs.other] = True
        self._items = np.flatnonzero(near[self._of_item])

    @property
    def images(self) -> list[int]:
        places: list[int] = np.unique(self._items % max(1, self._images)).tolist()
        return places

    def sets(self, small: Mapping[int, Small]) -> list[list[Alike]]:
        """Return of each set the pairs that join it, from the small copies of images that have one.

        Images of one hash are compared with the first, those unlike it with the first of these,
        and so on; of two near hashes these first ones.
        """
        decoded = np.zeros(self._images, dtype=bool)
        decoded[list(small)] = True
        items = self._items[decoded[self._items % max(1, self._images)]]
        sets = _Sets(self._images, items, small)
        groups = self._groups(items)
        groups.sort(key=lambda group: group[0] >= self._images)  # then mirror images alone
        leaders = [_leaders(group, sets) for group in groups]
        starts, counts = (np.zeros(int(self._of_item.max(initial=0)) + 1, np.int64) for _ in "sc")
        hashes = [self._of_item[each[0]] for each in leaders]
        counts[hashes] = [len(each) for each in leaders]
        starts[hashes] = np.cumsum(counts[hashes]) - counts[hashes]
        every = np.concatenate([np.zeros(0, np.int64), *leaders])
        for start in range(0, len(self._pairs.bits), _BLOCK):
            pairs = Pairs(*(column[start : start + _BLOCK] for column in self._pairs))
            sets.join(_crossed(pairs, every, starts, counts))
        return sets.joined()

    def _groups(self, items: Places) -> list[Places]:
        items = items[np.argsort(self._of_item[items], kind="stable")]
        starts = np.flatnonzero(np.diff(self._of_item[items], prepend=-1))
        return [group for group in np.split(items, starts[1:]) if len(group)]


def _leaders(items: Places, sets: _Sets) -> Places:
    """Join items of one hash; return the first of each set of them."""
    leaders: list[int] = []
    rest = sets.one_of_each(items)
    while len(rest) and len(leaders) < _MAX_LEADERS:
        leaders.append(int(rest[0]))
        rest = rest[1:]
        if len(rest):
            first = np.full(len(rest), leaders[-1])
            sets.join(Pairs(first, rest, np.zeros(len(rest), np.int64)))
            rest = rest[sets.roots(rest) != sets.roots(first)]
    return np.array(leaders, np.int64)


def _crossed(pairs: Pairs, items: Places, starts: Places, counts: Places) -> Pairs:
    """Return pairs of items for pairs of hashes: each of the one's with each of the other's.

    starts, counts: of each hash, where its items are.
    """
    numbers = counts[pairs.one] * counts[pairs.other]
    pair = np.repeat(np.arange(len(numbers)), numbers)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    one, other, bits = (column[pair] for column in pairs)
    left, right = np.divmod(within, counts[other])
    return Pairs(items[starts[one] + left], items[starts[other] + right], bits)


def _nearest(found: Iterable[Pairs], hashes: int, bits: int) -> Pairs:
    """Return all pairs of different hashes, each once, the nearest first."""
    codes, differing, number = [np.zeros(0, np.int64)], [np.zeros(0, np.uint8)], 0
    for block in found:
        two = np.flatnonzero(block.one != block.other)
        low, high = np.minimum(block.one, block.other), np.maximum(block.one, block.other)
        codes.append((low * hashes + high)[two])
        differing.append(block.bits[two].astype(np.uint8))
        number += len(two)
        if number > _MAX_PAIRS:
            raise MeasureError(
                f"more than {_MAX_PAIRS:,} pairs of images look alike in all but {bits} of 64 "
                "bits; take fewer: --bits"
            )
    code, by = np.concatenate(codes), np.concatenate(differing)
    order = np.lexsort((by, code))
    code, by = code[order], by[order]
    new = np.diff(code, prepend=-1) > 0
    code, by = code[new], by[new]
    order = np.argsort(by, kind="stable")
    one, other = np.divmod(code[order], max(1, hashes))
    return Pairs(one, other, by[order].astype(np.int64))


class _Sets:
    """Disjoint sets of images, and what has joined them: a forest whose paths are shortened."""

    def __init__(self, images: int, items: Places, small: Mapping[int, Small]) -> None:
        """Begin with each image alone; items: those of images that have a small copy."""
        self._joined: list[Alike] = []
        self._images = images
        self._parents: Places = np.arange(images)
        self._place = np.zeros(2 * images, np.int64)
        self._place[items] = np.arange(len(items))
        copies = [small[item % images] for item in items.tolist()]
        pixels = np.array([copy.gray for copy in copies], np.uint8).reshape(-1, _SIDE, _SIDE)
        pixels[items >= images] = pixels[items >= images, :, ::-1]
        self._grays = Grays.of(pixels)
        self._tints = np.array([copy.tint for copy in copies]).reshape(-1, 2)

    def roots(self, items: Places) -> Places:
        """Return the first image of the set of each item."""
        images = items % self._images
        roots = self._parents[images]
        while not np.array_equal(above := self._parents[roots], roots):
            roots = above
        self._parents[images] = roots
        return roots

    def joined(self) -> list[list[Alike]]:
        sets: dict[int, list[Alike]] = {}
        first = self.roots(np.array([pair.one for pair in self._joined], np.int64))
        for root, pair in zip(first.tolist(), self._joined, strict=True):
            sets.setdefault(root, []).append(pair)
        return list(sets.values())

    def one_of_each(self, items: Places) -> Places:
        _, first = np.unique(self.roots(items), return_index=True)
        return items[np.sort(first)]

    def join(self, pairs: Pairs) -> None:
        """Join images that are alike: two items, of which one is no mirror image, and bits."""
        one, other = np.minimum(pairs.one, pairs.other), np.maximum(pairs.one, pairs.other)
        for start in range(0, len(one), _BLOCK):
            block = slice(start, start + _BLOCK)
            self._compare(one[block], other[block], pairs.bits[block])

    def _compare(self, one: Places, other: Places, bits: Places) -> None:
        places = self._place[one], self._place[other]
        like_colored = np.abs(self._tints[places[0]] - self._tints[places[1]]).max(axis=1) <= _TINT
        new = (one < self._images) & (self.roots(one) != self.roots(other)) & like_colored
        chosen = np.flatnonzero(new)
        values = self._grays.correlations(places[0][chosen], places[1][chosen])
        for pair, value in zip(chosen[values >= ALIKE], values[values >= ALIKE], strict=True):
            item, like = int(one[pair]), int(other[pair])
            low, high = np.sort(self.roots(np.array([item, like]))).tolist()
            if low != high:
                self._parents[high] = low
                image, mirrored = like % self._images, like >= self._images
                self._joined.append(Alike(item, image, int(bits[pair]), float(value), mirrored))
