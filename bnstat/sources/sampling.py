"""Which images of a set are measured: shards and random samples, by hashes of the keys.

A hash makes the choice the same in any run, whatever the number of workers or shards.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain

from bnstat import settings
from bnstat.result import Shards
from bnstat.settings.samples import SampleSize
from bnstat.sources.reference import Reference
from bnstat.sources.source import Index


def shard_of(key: bytes, of: int) -> int:
    """Return which of `of` shards an image belongs to, from 1 on; it depends on the key alone.

    >>> [shard_of(key, 3) for key in (b"a.jpg", b"b.jpg", b"c.jpg", b"d.jpg")]
    [1, 2, 2, 3]
    """
    digest = blake2b(b"shard/" + key, digest_size=8).digest()
    return int.from_bytes(digest) % of + 1


class ShardKeys(Container[bytes]):
    """The keys that belong to some shards of a set; None is all of them."""

    def __init__(self, shards: Shards | None = None) -> None:
        self.shards = shards

    def __contains__(self, key: object) -> bool:
        if self.shards is None:
            return True
        return shard_of(key, self.shards.total) in self.shards.indices  # type: ignore[arg-type]

    @property
    def has_first(self) -> bool:
        """Whether the first shard is among them: it counts the files that are no images."""
        return self.shards is None or 1 in self.shards.indices


ALL_KEYS = ShardKeys()


def read_shard(text: str) -> Shards:
    """Return the shard that is typed as I/N.

    Raise ValueError if the text is not a shard; I counts from 1 to N.

    Examples
    --------
    >>> read_shard("2/8")
    Shards(indices=(2,), total=8)
    """
    index, of = settings.shard_of(text)
    return Shards((index,), of)


def hash_rank(seed: int, key: bytes) -> int:
    """Return a 64-bit hash of a key; a sample is made of the images where it is smallest.

    >>> hash_rank(0, b"a.jpg") == hash_rank(0, b"a.jpg") != hash_rank(1, b"a.jpg")
    True
    """
    return int.from_bytes(blake2b(b"sample/%d/%s" % (seed, key), digest_size=8).digest())


@dataclass(frozen=True)
class Sampling:
    """That a run measures a sample.

    asked: as typed; seed: of the hash; size: None for a sample that grows until it is enough.
    """

    asked: str
    seed: int
    size: SampleSize | None


class Population:
    """All images, each key once, in the order of a seeded hash of their keys.

    It takes a hash of 8 bytes, a position and a key an image; no file is examined for it.

    groups: the sources, and whether they yield their keys in order; keys of a group may interleave;
    keys: images with others, those of other shards, are counted, but never in a choice; seed: of
    the hash; found: how many images there are; duplicates: images with one of `keys`, left out
    because of an equal key before them.
    """

    def __init__(
        self, groups: Iterable[tuple[Sequence[Index], bool]], keys: Container[bytes], seed: int
    ) -> None:
        self.duplicates = 0
        self._groups = list(groups)
        self._wanted = keys
        self._ranks, self._places = array("Q"), array("q")
        first = 0
        for indices, ordered in self._groups:
            for position, key in self._distinct(indices, ordered):
                self._ranks.append(hash_rank(seed, key))
                self._places.append(first + position)
            first += sum(len(index.keys) for index in indices)
        self.found = len(self._ranks)

    def choice(self, start: int, stop: int) -> Iterator[Reference]:
        """Yield the images from `start` to `stop` in the order of the hash.

        They come in the order of their keys, or as their archive has them.
        """
        import numpy as np

        if not hasattr(self, "_order"):
            self._order = np.argsort(np.frombuffer(self._ranks, np.uint64), kind="stable")
        places = np.sort(np.frombuffer(self._places, np.int64)[self._order[start:stop]])
        first = 0
        for indices, ordered in self._groups:
            chosen = []
            for index in indices:
                low, high = np.searchsorted(places, [first, first + len(index.keys)])
                chosen.append(self._references(index, (places[low:high] - first).tolist()))
                first += len(index.keys)
            yield from _merged(chosen, ordered)

    def _references(self, index: Index, positions: list[int]) -> Iterator[Reference]:
        keys = index.keys
        return index.references([p for p in positions if keys[p] in self._wanted])

    def _distinct(self, indices: Sequence[Index], ordered: bool) -> Iterator[tuple[int, bytes]]:
        """Yield position and key of each image of a group whose key has not come before."""
        seen: set[bytes] | None = None if len(indices) == 1 and ordered else set()
        previous, position = None, -1
        for key in chain.from_iterable(index.keys for index in indices):
            position += 1
            if key == previous if seen is None else key in seen:
                self.duplicates += key in self._wanted
                continue
            previous = key
            if seen is not None:
                seen.add(key)
            yield position, key


def _merged(chosen: Sequence[Iterator[Reference]], ordered: bool) -> Iterable[Reference]:
    if ordered and len(chosen) > 1:
        return heapq.merge(*chosen, key=lambda reference: reference.key)
    return chain.from_iterable(chosen)
