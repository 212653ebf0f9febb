"""What was measured of a chunk, and one view of it while its images are counted."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from PIL import ImageOps

from bnstat.decode.modes import appearance
from bnstat.decode.perceptual import boxed, hashes_of
from bnstat.moments import Appearance, Appearances, ChunkMoments, Hashes
from bnstat.sources.items import Membership


@dataclass
class Measured:
    """What was measured of a chunk in one view of it.

    moments: of its images, by kind; failures: (row in the chunk, reason); deep: rows of images
    deeper than 8 bits; warnings: (row, what Pillow warned of); transparent: rows of images with
    fully transparent pixels; memberships: the groups and clusters that a dataset gives images, by
    row; notes: row, code of a warning, a few words, a number; appearances: what images are like,
    the same in all views; hashes: in the first view, where asked for.
    """

    moments: list[ChunkMoments] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    deep: list[int] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    transparent: list[int] = field(default_factory=list)
    memberships: dict[int, Membership] = field(default_factory=dict)
    notes: list[tuple[int, str, str, int]] = field(default_factory=list)
    appearances: Appearances = field(default_factory=Appearances)
    hashes: Hashes = field(default_factory=Hashes)


Result: TypeAlias = list[Measured]


class Appearing:
    """Notes what the images of a chunk are like; beside small images this must cost nothing."""

    def __init__(self, images: int) -> None:
        self.noted = Appearances.unknown(images)
        self._places: dict[Any, int] = {}
        self._rows = self.noted.places

    def note(self, row: int, image: Any, deep: bool) -> None:
        """Note a decoded image; one that is as Pillow has said of another of 8 bits is like it."""
        try:
            self._rows[row] = self._places[image.size, image.mode, image.format, deep]
        except (KeyError, AttributeError, TypeError):
            self.put(row, appearance(image, deep=deep))
            if not deep and hasattr(image, "format"):
                self._places[image.size, image.mode, image.format, deep] = self._rows[row]

    def put(self, row: int, seen: Appearance) -> None:
        if seen not in self._places:
            self._places[seen] = len(self.noted.distinct)
            self.noted.distinct.append(seen)
        self._rows[row] = self._places[seen]


def of_stack(images: Any) -> Appearances:
    """Return what the images of a stack (N, C, H, W) are like: all the same."""
    number, _, height, width = images.shape
    depth = 8 * images.dtype.itemsize
    return Appearances([(width, height, images.dtype.name, depth, "")], array("h", [0]) * number)


@dataclass(frozen=True)
class Hashing:
    """What is hashed of each image: it and its corners, and if `mirrored` its mirror image."""

    mirrored: bool = False

    def add(self, hashes: Hashes, row: int, image: Any) -> None:
        small = boxed(image)
        plain, *corners = hashes_of(small).tolist()
        hashes.plain.append(plain)
        hashes.corners.extend(corners)
        if self.mirrored:
            hashes.mirrored.append(int(hashes_of(ImageOps.mirror(small))[0]))
        hashes.rows.append(row)
