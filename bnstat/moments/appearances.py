"""What the images of a chunk are like: size, mode, depth and format, as columns."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

# Width and height in pixels, Pillow's mode, the bits of a sample in the file, and its format, ""
# where it has none. A plain tuple, as one with names takes ten times as long.
Appearance: TypeAlias = tuple[int, int, str, int, str]


@dataclass
class Appearances:
    """What each image of a chunk is like; most chunks have few different ones.

    distinct: each appearance once; places: for each row of the chunk its place among these, -1
    where the image could not be decoded.
    """

    distinct: list[Appearance] = field(default_factory=list)
    places: array[int] = field(default_factory=lambda: array("h"))

    @classmethod
    def unknown(cls, images: int) -> Appearances:
        """Return those of images of which none was decoded."""
        return cls([], array("h", [-1]) * images)

    def __getitem__(self, row: int) -> Appearance:
        return self.distinct[self.places[row]]

    def take(self, rows: Sequence[int]) -> Appearances:
        """Return those of some rows of the chunk, renumbered."""
        return Appearances(self.distinct, array("h", [self.places[row] for row in rows]))

    def counts(self) -> dict[Appearance, int]:
        """Return how many images look so, of those that were decoded."""
        numbers = Counter(self.places)
        return {each: numbers[place] for place, each in enumerate(self.distinct) if numbers[place]}
