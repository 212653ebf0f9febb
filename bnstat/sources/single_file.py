"""A file named as a source."""

from __future__ import annotations

from collections.abc import Iterator

from bnstat.sources.index import Kept, ReadAgain, index_by_reading
from bnstat.sources.reference import Reference, file_reference


class SingleFile:
    """A file named as a source: opened whatever its name."""

    ordered = True
    skipped = 0

    def __init__(self, path: bytes, key: bytes) -> None:
        self._path = path
        self.prefix = key

    def count(self) -> int:
        """Count the file."""
        return 1

    def index(self) -> Kept | ReadAgain:
        """Return the file as an index."""
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        yield file_reference(self.prefix, self._path)
