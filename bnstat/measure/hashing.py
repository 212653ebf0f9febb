"""Perceptual hashes of images, made while these are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import ImageOps

from bnstat.decode.perceptual import SmallCopy, boxed, hashes_of
from bnstat.decode.references import Decoded
from bnstat.moments.hashes import Hashes
from bnstat.sources.limits import Limits


@dataclass(frozen=True)
class Hashing:
    """What is hashed of each image: it and its corners, and if `mirrored` its mirror image."""

    mirrored: bool = False

    def add(self, hashes: Hashes, row: int, image: Any) -> None:
        """Add the hashes of a decoded image."""
        small = boxed(image)
        plain, *corners = hashes_of(small).tolist()
        hashes.plain.append(plain)
        hashes.corners.extend(corners)
        if self.mirrored:
            hashes.mirrored.append(int(hashes_of(ImageOps.mirror(small))[0]))
        hashes.rows.append(row)


def copy_of(decoded: Decoded, limits: Limits) -> SmallCopy:
    """Return a small copy of a decoded image."""
    return SmallCopy.of(decoded.image)
