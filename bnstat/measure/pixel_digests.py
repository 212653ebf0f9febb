"""Images to digests of their pixels: equal ones are equal images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from PIL import Image

from bnstat.decode.modes import expanded
from bnstat.decode.references import Decoded, decode_each
from bnstat.sources.items import as_array
from bnstat.sources.limits import Limits
from bnstat.sources.reference import Reference


@dataclass(frozen=True)
class Digests:
    """Of a chunk: the digest of each image by its row, and (row, reason) of failures."""

    of_rows: dict[int, bytes]
    failures: list[tuple[int, str]]


@dataclass(frozen=True)
class DigestPixels:
    """Decodes the images of a chunk and digests size, mode and pixels; sent to workers.

    The indices of a palette are no pixels: its colours are.
    """

    limits: Limits

    def __call__(self, chunk: Sequence[Reference]) -> Digests:
        """Return the digests of a chunk's images."""
        found: dict[int, bytes] = {}

        def digest(decoded: Decoded) -> None:
            found[decoded.row] = digest_of(decoded.image)

        report = decode_each(chunk, self.limits, digest)
        return Digests(found, report.failures)

    def lost(self, reason: str) -> Digests:
        """Return the result for a chunk of one image that has ended its worker."""
        return Digests({}, [(0, reason)])


def digest_of(image: Any) -> bytes:
    """Return 32 bytes that tell size, mode and pixels of a decoded image, or of an array."""
    if not isinstance(image, Image.Image):
        array = as_array(image)
        header = f"{array.dtype.str} {array.shape} ".encode()
        return blake2b(header + array.tobytes(), digest_size=32).digest()
    colours = expanded(image)
    header = f"{colours.mode} {colours.width} {colours.height} ".encode()
    return blake2b(header + colours.tobytes(), digest_size=32).digest()
