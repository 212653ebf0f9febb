"""A chunk of images: their keys, fingerprints and moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bnstat.moments import ChunkMoments

# Of a fingerprint's 32 bytes: two images of a set never share these.
PRINT = 16


@dataclass(frozen=True)
class Entry:
    """What was measured of the images of a chunk, all of which were measured in every view.

    keys: in order; prints: the first bytes of their fingerprints; deep: rows of images deeper than
    8 bits; views: the moments in each view.
    """

    keys: list[bytes]
    prints: list[bytes]
    deep: list[int]
    views: list[list[ChunkMoments]]

    def take(self, rows: Sequence[int]) -> Entry:
        """Return the entry of some of the images.

        Raises
        ------
        ValueError
            If the images' own histograms are needed, and are not at hand.
        """
        if len(rows) == len(self.keys):
            return self
        place = {row: i for i, row in enumerate(rows)}
        taken = [[part.take(rows) for part in parts] for parts in self.views]
        return Entry(
            [self.keys[row] for row in rows],
            [self.prints[row] for row in rows],
            [place[row] for row in self.deep if row in place],
            [[part for part in parts if part is not None] for parts in taken],
        )


def print_of(fingerprint: int) -> bytes:
    """Return what an entry keeps of a fingerprint."""
    return fingerprint.to_bytes(32)[:PRINT]
