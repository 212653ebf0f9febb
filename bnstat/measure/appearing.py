"""What the images of a chunk are like, noted while they are measured."""

from __future__ import annotations

from array import array
from typing import Any

from bnstat.decode.modes import appearance
from bnstat.moments import Appearance, Appearances


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
        """Note what an image is like."""
        if seen not in self._places:
            self._places[seen] = len(self.noted.distinct)
            self.noted.distinct.append(seen)
        self._rows[row] = self._places[seen]


def of_stack(images: Any) -> Appearances:
    """Return what the images of a stack (N, C, H, W) are like: all the same."""
    number, _, height, width = images.shape
    depth = 8 * images.dtype.itemsize
    return Appearances([(width, height, images.dtype.name, depth, "")], array("h", [0]) * number)
