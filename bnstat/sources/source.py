"""What every kind of source offers: a stream of references, and an index of its keys.

A run over all images streams references. A sample is chosen among all keys first; only then are the
images that are in it examined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from bnstat.sources.reference import Reference


class Index(Protocol):
    """The keys of a source's images, in its own order, and references to some of them."""

    @property
    def keys(self) -> Sequence[bytes]: ...

    def references(self, positions: Sequence[int]) -> Iterator[Reference]: ...


class Source(Protocol):
    """The images of one source."""

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


class NamedFiles:
    """Files whose names are known: a source that is its own index.

    keys: in the order of their bytes; reference_at: examines the file at a position; prefix: of all
    keys; skipped: files that were named beside them and have no image extension.
    """

    ordered = True

    def __init__(
        self,
        keys: Sequence[bytes],
        reference_at: Callable[[int], Reference],
        *,
        prefix: bytes = b"",
        skipped: int = 0,
    ) -> None:
        self.keys, self._reference_at = keys, reference_at
        self.prefix, self.skipped = prefix, skipped

    @classmethod
    def one(cls, key: bytes, reference: Callable[[], Reference]) -> NamedFiles:
        """Return the source of one file, which is opened whatever its name."""
        return cls([key], lambda _: reference(), prefix=key)

    def count(self) -> int:
        return len(self.keys)

    def index(self) -> NamedFiles:
        return self

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        return map(self._reference_at, positions)

    def __iter__(self) -> Iterator[Reference]:
        return self.references(range(len(self.keys)))


@dataclass(frozen=True)
class InMemoryIndex:
    """References that hold no encoded bytes, as of the members of a zip."""

    kept: Sequence[Reference]

    @cached_property
    def keys(self) -> Sequence[bytes]:
        return [reference.key for reference in self.kept]

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        return (self.kept[position] for position in positions)


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


def index_by_reading(images: Iterable[Reference]) -> InMemoryIndex | StreamIndex:
    """Return the index of images that are only known by iterating over them.

    Their references are kept, unless they hold bytes, which would be all the images in memory.
    """
    keys: list[bytes] = []
    kept: list[Reference] | None = []
    for reference in images:
        keys.append(reference.key)
        if reference.bytes_held:
            kept = None
        if kept is not None:
            kept.append(reference)
    return StreamIndex(keys, images) if kept is None else InMemoryIndex(kept)


class ItemSource:
    """What else the sources of items offer, which are no files.

    Attributes
    ----------
    random
        Whether items are drawn at random.
    several_passes
        Whether the images are those of several passes over the items.
    problem
        Why it cannot go to workers, or "".
    first
        How many items are measured, of what may have more; None is all.
    """

    skipped = 0
    ordered = True
    random: bool = False
    several_passes: bool = False
    problem: str = ""
    first: int | None = None

    def send(self, *, costly: bool) -> bool:
        """Put the items where workers find them; return whether workers can measure them."""
        return False
