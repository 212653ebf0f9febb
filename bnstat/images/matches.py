"""The images among what a pattern matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bnstat.images.reference import Reference


class Matches:
    """Files that a pattern matches, of which each is its own key.

    names: in the order of their bytes; refer: name to reference; skipped: matches without an image
    extension.
    """

    ordered = True

    def __init__(
        self, names: Sequence[bytes], refer: Callable[[bytes], Reference], skipped: int
    ) -> None:
        self._names = names
        self._refer = refer
        self.prefix = b"" if len(names) != 1 else names[0]
        self.skipped = skipped

    def count(self) -> int:
        """Count the files."""
        return len(self._names)

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images in the order of their keys' bytes."""
        return map(self._refer, self._names)
