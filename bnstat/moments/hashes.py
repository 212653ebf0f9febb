"""Perceptual hashes of images, by key."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

from bnstat.moments.keys import Keys


def _words() -> array[int]:
    return array("Q")


@dataclass
class Hashes:
    """64 bits of each image that could be decoded, of its four corners, and of its mirror image.

    Mirror images have theirs where that is asked for.
    rows: of a chunk, those images' rows.
    """

    rows: list[int] = field(default_factory=list)
    plain: array[int] = field(default_factory=_words)
    corners: array[int] = field(default_factory=_words)
    mirrored: array[int] = field(default_factory=_words)


@dataclass
class HashesByKey:
    """The hashes of a run: 40 bytes an image, or 48, and its key."""

    keys: Keys = field(default_factory=Keys)
    plain: array[int] = field(default_factory=_words)
    corners: array[int] = field(default_factory=_words)
    mirrored: array[int] = field(default_factory=_words)

    def extend(self, keys: Sequence[bytes], hashes: Hashes) -> None:
        """Add those of a chunk with these keys."""
        self.keys.extend([keys[row] for row in hashes.rows])
        self.plain.extend(hashes.plain)
        self.corners.extend(hashes.corners)
        self.mirrored.extend(hashes.mirrored)
