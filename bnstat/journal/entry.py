"""What was measured of a chunk of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bnstat.moments import ChunkMoments, Kind

# No two images of a set have equal stored fingerprints of so many bytes.
FINGERPRINT_BYTES = 16


@dataclass(frozen=True)
class Expected:
    """What the entries of a journal have in common.

    draws: how many draws of an image each view has; is_kind: whether draws of a kind can exist.
    """

    draws: Sequence[int]
    is_kind: Callable[[Kind], bool]


@dataclass(frozen=True)
class Entry:
    """What was measured of the images of a chunk, all of which were measured in every view.

    keys: in order; fingerprints: as they are stored; deep, transparent: rows of images deeper than
    8 bits, and of images with fully transparent pixels; views: the moments in each view.
    """

    keys: list[bytes]
    fingerprints: list[bytes]
    deep: list[int]
    transparent: list[int]
    views: list[list[ChunkMoments]]

    def take(self, rows: Sequence[int]) -> Entry:
        """Return the entry of some of the images.

        Raises
        ------
        ValueError
            If the histograms of single images are needed, and were not read.
        """
        if len(rows) == len(self.keys):
            return self
        place = {row: i for i, row in enumerate(rows)}
        views = [[moments.take(rows) for moments in view] for view in self.views]
        return Entry(
            [self.keys[row] for row in rows],
            [self.fingerprints[row] for row in rows],
            [place[row] for row in self.deep if row in place],
            [place[row] for row in self.transparent if row in place],
            [[moments for moments in view if moments is not None] for view in views],
        )


def stored_fingerprint(fingerprint: int, ctimes: tuple[int, ...]) -> bytes:
    """Return what an entry stores of an image's fingerprint and of its files' changes of status.

    These tell a file that was changed and then given its old time of change.
    """
    text = f"{fingerprint}/{ctimes}".encode()
    return blake2b(text, digest_size=FINGERPRINT_BYTES).digest()
