"""The files that a wildcard matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bnstat.sources.index import NamedFiles
from bnstat.sources.reference import Reference
from bnstat.sources.urls import shown


class MatchedFiles:
    """Files that a wildcard matches; each name is its own key.

    names: in the order of their bytes; reference_to: returns a name's reference; skipped: matches
    without an image extension.
    """

    ordered = True

    def __init__(
        self, names: Sequence[bytes], reference_to: Callable[[bytes], Reference], skipped: int
    ) -> None:
        self._names = names
        self._reference_to = reference_to
        self.prefix = b"" if len(names) != 1 else shown(names[0])
        self.skipped = skipped

    def count(self) -> int:
        """Count the files."""
        return len(self._names)

    def index(self) -> NamedFiles:
        """Return the files as an index, none of them examined."""
        keys = [shown(name) for name in self._names]
        return NamedFiles(keys, lambda position: self._reference_to(self._names[position]))

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images in the order of their keys' bytes."""
        return map(self._reference_to, self._names)
