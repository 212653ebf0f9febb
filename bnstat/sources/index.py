"""The images of a source by position, known by their keys before any is examined.

A run over all images streams references. A sample is chosen among all keys first; only then are the
images that are in it looked at.
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
    def keys(self) -> Sequence[bytes]:
        """The key of each image."""

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        """Yield the references to the images at ascending positions."""


@dataclass(frozen=True)
class NamedFiles:
    """Files by name: each is examined when its reference is asked for."""

    keys: Sequence[bytes]
    reference_at: Callable[[int], Reference]

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        """Yield the references, examining these files alone."""
        return map(self.reference_at, positions)


@dataclass(frozen=True)
class Kept:
    """References that hold no encoded bytes, as of the members of a zip."""

    kept: Sequence[Reference]

    @cached_property
    def keys(self) -> Sequence[bytes]:
        """The key of each image."""
        return [reference.key for reference in self.kept]

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        """Yield the references."""
        return (self.kept[position] for position in positions)


@dataclass(frozen=True)
class ReadAgain:
    """Images that come as a stream with their bytes: it is read again for each choice."""

    keys: Sequence[bytes]
    images: Iterable[Reference]

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        """Yield the references, reading the stream as far as the last of them."""
        if not positions:
            return
        wanted, last = set(positions), positions[-1]
        for position, reference in enumerate(self.images):
            if position in wanted:
                yield reference
            if position == last:
                return


def index_by_reading(images: Iterable[Reference]) -> Kept | ReadAgain:
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
    return ReadAgain(keys, images) if kept is None else Kept(kept)
