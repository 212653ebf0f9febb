"""What a source is to the run: a stream of references, and what is known of it beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from bnstat.images.reference import Reference


class Source(Protocol):
    """The images of one source."""

    @property
    def prefix(self) -> bytes:
        """What all its keys begin with."""

    @property
    def ordered(self) -> bool:
        """Whether it yields images in the order of their keys."""

    @property
    def skipped(self) -> int:
        """Files without an image extension, complete when the images have been iterated."""

    def count(self) -> int | None:
        """Count the images, without looking at any; None if that would take reading them."""

    def __iter__(self) -> Iterator[Reference]: ...
