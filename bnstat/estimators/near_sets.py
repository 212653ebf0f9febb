"""Images that are alike, in sets: near hashes are candidates, and what they show decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bnstat.errors import MeasureError
from bnstat.estimators.crop_fit import correlations
from bnstat.estimators.near_hashes import Pairs, Places, Words, near_pairs

# Two images that correlate so are one picture, resized, encoded, brightened or cropped.
ALIKE = 0.98
# Pairs of near hashes that are held: 20 bytes each.
_MAX_PAIRS = 20_000_000
_BLOCK = 2048
# Sets of unlike images with one hash; beyond these, images are compared no further.
_MAX_LEADERS = 64

# Means of blue and red differences: those of an image that is a tenth brighter differ by less.
_TINT = 14.0


class Small(Protocol):
    """A small copy of an image."""

    @property
    def gray(self) -> NDArray[np.uint8]:
        """Its gray pixels: (side, side)."""

    @property
    def tint(self) -> NDArray[np.float64]:
        """The means of its blue and its red difference, 128 of gray."""


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

    def __init__(self, plain: Words, mirrored: Words, bits: int) -> None:
        self._images = len(plain)
        unique, self._of_item = np.unique(
            np.concatenate([plain, mirrored]).astype(np.uint64), return_inverse=True
        )
        self._pairs = _sorted(near_pairs(unique, bits), bits)
        near = np.bincount(self._of_item, minlength=len(unique)) > 1
        near[self._pairs.one] = near[self._pairs.other] = True
        self._items = np.flatnonzero(near[self._of_item])

    @property
    def images(self) -> list[int]:
        """The places of all images that are to be compared."""
        places: list[int] = np.unique(self._items % max(1, self._images)).tolist()
        return places

    def sets(self, small: Mapping[int, Small]) -> list[list[Alike]]:
        """Return of each set the pairs that join it, from the small copies of images that have one.

        Images of one hash are compared with the first, those unlike it with the first of these,
        and so on; of two near hashes these first ones.
        """
        sets = _Sets(self._images, small)
        groups = [group for group in self._groups() if group[0] % self._images in small]
        groups.sort(key=lambda group: group[0] >= self._images)  # then mirror images alone
        first = {int(self._of_item[group[0]]): _leaders(group, sets) for group in groups}
        for block in self._blocks():
            pairs = [
                (one, other, bits)
                for left, right, bits in block
                for one in first.get(left, ())
                for other in first.get(right, ())
            ]
            sets.join(pairs)
        return sets.joined()

    def _groups(self) -> list[list[int]]:
        """Return the items of each hash."""
        items = self._items[np.argsort(self._of_item[self._items], kind="stable")]
        starts = np.flatnonzero(np.diff(self._of_item[items], prepend=-1))
        return [group.tolist() for group in np.split(items, starts[1:]) if len(group)]

    def _blocks(self) -> Iterator[list[tuple[int, int, int]]]:
        for start in range(0, len(self._pairs.bits), _BLOCK):
            columns = (column[start : start + _BLOCK].tolist() for column in self._pairs)
            yield list(zip(*columns, strict=True))


def _leaders(items: list[int], sets: _Sets) -> list[int]:
    """Join items of one hash; return the first of each set of them."""
    leaders: list[int] = []
    rest = sets.one_of_each(items)
    while rest and len(leaders) < _MAX_LEADERS:
        leaders.append(rest[0])
        sets.join([(rest[0], item, 0) for item in rest[1:]])
        rest = [item for item in rest[1:] if not sets.same(rest[0], item)]
    return leaders


def _sorted(found: Iterator[Pairs], bits: int) -> Pairs:
    """Return all pairs, the nearest first."""
    blocks, number = [], 0
    for block in found:
        blocks.append(block)
        number += len(block.bits)
        if number > _MAX_PAIRS:
            raise MeasureError(
                f"more than {_MAX_PAIRS:,} pairs of images look alike in all but {bits} of 64 "
                "bits; take fewer: --bits"
            )
    none = np.zeros(0, np.int64)
    columns = [np.concatenate([none, *column]) for column in zip(*blocks, strict=True)]
    pairs = Pairs(*columns) if columns else Pairs(none, none, none)
    order = np.argsort(pairs.bits, kind="stable")
    return Pairs(*(column[order].astype(np.int64) for column in pairs))


class _Sets:
    """Disjoint sets of images, and what has joined them: a forest whose paths are halved."""

    def __init__(self, images: int, small: Mapping[int, Small]) -> None:
        self._joined: list[Alike] = []
        self._images, self._small = images, small
        self._parents: Places = np.arange(images)

    def _first(self, image: int) -> int:
        parents = self._parents
        while parents[image] != image:
            parents[image] = parents[parents[image]]
            image = int(parents[image])
        return image

    def joined(self) -> list[list[Alike]]:
        """Return the pairs of each set that have joined it."""
        sets: dict[int, list[Alike]] = {}
        for pair in self._joined:
            sets.setdefault(self._first(pair.one), []).append(pair)
        return list(sets.values())

    def one_of_each(self, items: list[int]) -> list[int]:
        """Return the first item of each set."""
        firsts: dict[int, int] = {}
        for item in items:
            if item % self._images in self._small:
                firsts.setdefault(self._first(item % self._images), item)
        return list(firsts.values())

    def same(self, one: int, other: int) -> bool:
        """Whether two items are of one set."""
        return self._first(one % self._images) == self._first(other % self._images)

    def _gray(self, item: int) -> NDArray[np.uint8]:
        gray = self._small[item % self._images].gray
        return gray if item < self._images else gray[:, ::-1]

    def _like_colored(self, one: int, other: int) -> bool:
        tints = [self._small[item % self._images].tint for item in (one, other)]
        return bool(np.abs(tints[0] - tints[1]).max() <= _TINT)

    def join(self, pairs: list[tuple[int, int, int]]) -> None:
        """Join images that are alike: two items, of which one is no mirror image, and bits."""
        ordered = [(min(pair[:2]), max(pair[:2]), pair[2]) for pair in pairs]
        for start in range(0, len(ordered), _BLOCK):
            block = [
                (one, other, bits)
                for one, other, bits in ordered[start : start + _BLOCK]
                if one < self._images
                and not self.same(one, other)
                and self._like_colored(one, other)
            ]
            if block:
                self._compare(block)

    def _compare(self, pairs: list[tuple[int, int, int]]) -> None:
        one, other = (np.stack([self._gray(pair[i]) for pair in pairs]) for i in (0, 1))
        for (item, like, bits), value in zip(pairs, correlations(one, other), strict=True):
            if value < ALIKE or self.same(item, like):
                continue
            places = item, like % self._images
            roots = sorted(map(self._first, places))
            self._parents[roots[1]] = roots[0]
            self._joined.append(Alike(*places, bits, float(value), like >= self._images))
