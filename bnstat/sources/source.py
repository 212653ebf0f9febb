"""What every kind of source offers: a stream of references, and what is known before reading it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bnstat.sources.index import Index
from bnstat.sources.reference import Reference


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
