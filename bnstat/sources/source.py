"""What every kind of source offers: a stream of references, and an index of its keys.

A run over all images streams references. A sample is chosen among all keys first; only then are the
images that are in it examined. Shards and samples are chosen by hashes of the keys, which makes the
choice the same in any run, whatever the number of workers or shards.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import ClassVar, Protocol

from bnstat import settings
from bnstat.result import Shards
from bnstat.settings.samples import SampleSize
from bnstat.sources.reference import Reference


class Index(Protocol):
    """The keys of a source's images, in its own order, and references to some of them."""

    @property
    def keys(self) -> Sequence[bytes]: ...

    def references(self, positions: Sequence[int]) -> Iterator[Reference]: ...


class Source(Protocol):
    @property
    def prefix(self) -> bytes:
        """The common beginning of all its keys."""

    @property
    def ordered(self) -> bool:
        """Whether it yields images in the order of their keys."""

    @property
    def skipped(self) -> int:
        """Files without an image extension, complete when the images have been iterated."""

    def count(self) -> int | None:
        """Count the images without opening any; None if they would have to be read for it."""

    def index(self) -> Index:
        """Return its images by position, in the order of iteration, for a sample of them."""

    def __iter__(self) -> Iterator[Reference]: ...


@dataclass(eq=False)
class NamedFiles:
    """Images whose keys are known: an index, and a source where the keys are in order.

    reference_at: examines the file at a position; prefix: of all keys; skipped: files that were
    named beside them and have no image extension.
    """

    keys: Sequence[bytes]
    reference_at: Callable[[int], Reference]
    prefix: bytes = b""
    skipped: int = 0
    ordered: ClassVar[bool] = True

    @classmethod
    def one(cls, key: bytes, reference: Callable[[], Reference]) -> NamedFiles:
        """Return the source of one file, which is opened whatever its name."""
        return cls([key], lambda _: reference(), prefix=key)

    def count(self) -> int:
        return len(self.keys)

    def index(self) -> NamedFiles:
        return self

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        return map(self.reference_at, positions)

    def __iter__(self) -> Iterator[Reference]:
        return self.references(range(len(self.keys)))


@dataclass(frozen=True)
class StreamIndex:
    """Images that come as a stream with their bytes: it is read again for each choice."""

    keys: Sequence[bytes]
    images: Iterable[Reference]

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        if not positions:
            return
        wanted, last = set(positions), positions[-1]
        for position, reference in enumerate(self.images):
            if position in wanted:
                yield reference
            if position == last:
                return


def index_by_reading(images: Iterable[Reference]) -> Index:
    """Return the index of images that are only known by iterating over them.

    Their references are kept, as of the members of a zip, unless they hold encoded bytes, which
    would be all the images in memory.
    """
    keys: list[bytes] = []
    kept: list[Reference] | None = []
    for reference in images:
        keys.append(reference.key)
        if kept is None or reference.bytes_held:
            kept = None
        else:
            kept.append(reference)
    return StreamIndex(keys, images) if kept is None else NamedFiles(keys, kept.__getitem__)


class Repeats:
    """Says of each key whether it came before; of keys in order, the last alone is remembered."""

    def __init__(self, ordered: bool) -> None:
        self._ordered = ordered
        self._seen: set[bytes] = set()

    def __call__(self, key: bytes) -> bool:
        if key in self._seen:
            return True
        if self._ordered:
            self._seen.clear()
        self._seen.add(key)
        return False


def merged(streams: Sequence[Iterable[Reference]], ordered: bool) -> Iterable[Reference]:
    """Return references in the order of their keys, or where they have none, one by one."""
    if ordered and len(streams) > 1:
        return heapq.merge(*streams, key=lambda reference: reference.key)
    return chain.from_iterable(streams)


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
            repeats = Repeats(ordered and len(indices) == 1)
            for key in chain.from_iterable(index.keys for index in indices):
                if repeats(key):
                    self.duplicates += key in self._wanted
                else:
                    self._ranks.append(hash_rank(seed, key))
                    self._places.append(first)
                first += 1
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
                keys, positions = index.keys, (places[low:high] - first).tolist()
                chosen.append(index.references([p for p in positions if keys[p] in self._wanted]))
                first += len(keys)
            yield from merged(chosen, ordered)
