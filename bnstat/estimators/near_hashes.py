"""Which of many 64-bit hashes differ in few bits, in less than quadratic time.

Multi-index hashing (Norouzi, Punjani and Fleet, "Fast exact search in Hamming space with
multi-index hashing", IEEE TPAMI 36(6), 2014): 64 bits are cut into m parts. Hashes that differ in
at most r bits differ in at most rᵢ bits of some part i, where the sum of all rᵢ + 1 is r + 1: else
they would differ in more. So hashes are sorted by each part, and for each mask of at most rᵢ bits
those whose parts differ by just that mask are compared whole, in columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Places = NDArray[np.int64]
Floats = NDArray[np.float64]

BITS = 64
# Pairs that are compared at a time.
_BLOCK = 1 << 19
# What a mask costs for each hash, and a pair, in the time of one comparison.
_COST_OF_MASK = 0.7


class Pairs(NamedTuple):
    """Places of two hashes, and in how many bits they differ."""

    one: Places
    other: Places
    bits: Places


class _Part(NamedTuple):
    """So many bits from `low` on, of which at most `radius` differ."""

    low: int
    width: int
    radius: int

    def of(self, hashes: Words) -> Places:
        mask = np.uint64((1 << self.width) - 1)
        return ((hashes >> np.uint64(self.low)) & mask).astype(np.int64)

    def counts(self, hashes: Words) -> Floats:
        return np.bincount(self.of(hashes), minlength=1 << self.width).astype(np.float64)

    @property
    def masks(self) -> Iterator[int]:
        for number in range(self.radius + 1):
            for places in combinations(range(self.width), number):
                yield sum(1 << place for place in places)


class _Sorted(NamedTuple):
    """Hashes in the order of their values of a part."""

    order: Places
    values: Places
    hashes: Words

    @classmethod
    def by(cls, part: _Part, hashes: Words) -> _Sorted:
        values = part.of(hashes)
        order = np.argsort(values, kind="stable")
        return cls(order, values[order], hashes[order])


def near_pairs(hashes: Words, bits: int, others: Words | None = None) -> Iterator[Pairs]:
    """Yield all pairs of hashes that differ in at most so many bits, each once, in blocks.

    With `others`, pairs are of a hash and another of these. Equal hashes differ in none; where
    there may be many, make them unique first.
    """
    # Parts by which there is least to do; as few hashes are unevenly spread, count.
    each = [_parts(number, bits) for number in range(1, 9)]
    parts = min(each, key=lambda parts: _cost(hashes, others, parts))
    for number, part in enumerate(parts):
        for found in _pairs_of_part(hashes, others, part, bits):
            differing = hashes[found.one] ^ (hashes if others is None else others)[found.other]
            yield _first_found(differing, found, parts[:number])


def _parts(number: int, bits: int) -> list[_Part]:
    ends = [BITS * i // number for i in range(number + 1)]
    radii = [(bits + 1) // number + (i < (bits + 1) % number) - 1 for i in range(number)]
    return [
        _Part(low, high - low, radius)
        for low, high, radius in zip(ends, ends[1:], radii, strict=False)
        if radius >= 0
    ]


def _cost(hashes: Words, others: Words | None, parts: list[_Part]) -> float:
    total = 0.0
    for part in parts:
        if part.width > 24:  # its table would not fit
            return float("inf")
        masks = sum(comb(part.width, number) for number in range(part.radius + 1))
        counts = part.counts(hashes)
        pairs = float(counts @ (counts / 2 if others is None else part.counts(others)))
        total += masks * (_COST_OF_MASK * len(hashes) + pairs)
    return total


def _pairs_of_part(hashes: Words, others: Words | None, part: _Part, bits: int) -> Iterator[Pairs]:
    mine = _Sorted.by(part, hashes)
    other = mine if others is None else _Sorted.by(part, others)
    starts = np.concatenate([[0], np.cumsum(part.counts(other.hashes))]).astype(np.int64)
    for mask in part.masks:
        for left, right in _joined(mine.values, starts, mask, once=others is None):
            differing = count_ones(mine.hashes[left] ^ other.hashes[right])
            near = np.flatnonzero(differing <= bits)
            if len(near):
                yield Pairs(mine.order[left[near]], other.order[right[near]], differing[near])


def _joined(
    values: Places, starts: Places, mask: int, *, once: bool
) -> Iterator[tuple[Places, Places]]:
    """Yield places of ordered values that differ by a mask from others, in blocks.

    once: the others are the values themselves, and each two are yielded once.
    """
    if not once:
        left = np.arange(len(values))
        first, behind = starts[values ^ mask], starts[(values ^ mask) + 1]
    elif mask == 0:
        left = np.arange(len(values))
        first, behind = left + 1, starts[values + 1]
    else:  # from the one that lacks the mask's highest bit
        left = np.flatnonzero(values & (1 << (mask.bit_length() - 1)) == 0)
        others = values[left] ^ mask
        first, behind = starts[others], starts[others + 1]
    some = np.flatnonzero(behind > first)
    left, first, numbers = left[some], first[some], (behind - first)[some]
    ends = np.cumsum(numbers)
    start = 0
    while start < len(left):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _BLOCK, side="right")))
        block = slice(start, stop)
        within = np.arange(ends[stop - 1] - done)
        offsets = np.repeat(first[block] - (ends[block] - numbers[block] - done), numbers[block])
        yield np.repeat(left[block], numbers[block]), within + offsets
        start = stop


def _first_found(differing: Words, found: Pairs, before: list[_Part]) -> Pairs:
    """Leave out pairs that an earlier part has found; differing: the bits in which they do."""
    new = np.ones(len(found.bits), dtype=bool)
    for part in before:
        new &= count_ones(part.of(differing).astype(np.uint64)) > part.radius
    return Pairs(*(column[new] for column in found))


def count_ones(words: Words) -> Places:
    counts: Places
    if hasattr(np, "bitwise_count"):  # from numpy 2.0 on
        counts = np.bitwise_count(words)
    else:
        by_byte = np.array([number.bit_count() for number in range(256)], np.uint8)
        counts = by_byte[words.view(np.uint8).reshape(-1, 8)].sum(axis=1)
    return counts
