"""Images to digests of their pixels: equal ones are equal images."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import IO, Any

from PIL import Image

from bnstat.decode.decoding import load_opened, open_whole
from bnstat.decode.deep_color import low_bytes
from bnstat.decode.frames import pages
from bnstat.decode.modes import expanded, notes_of
from bnstat.decode.references import Decoded
from bnstat.sources.items import Items, as_array
from bnstat.sources.limits import Limits


def digest_whole(decoded: Decoded, limits: Limits) -> bytes:
    """Return what tells an image and all that its file has besides."""
    return digest_of(decoded.image) + b"".join(_digests_of_rest(decoded, limits))


def _digests_of_rest(decoded: Decoded, limits: Limits) -> Iterator[bytes]:
    """Yield the digests of what a file has beside the image: lower bytes of color, and frames.

    Where these cannot be read, files are equal that have the same bytes.
    """
    deep_color = decoded.deep and len(decoded.image.getbands()) > 1
    several = any(code == "frames" for code, *_ in notes_of(decoded.image))
    if (not deep_color and not several) or isinstance(decoded.reference.content, Items):
        return
    with decoded.reference.open(limits) as file:
        low = low_bytes(file) if deep_color else None
        if low is not None:
            yield digest_of(low)
        if several:
            yield from _digests_of_frames(file)
        elif low is None:
            file.seek(0)
            yield blake2b(file.read(), digest_size=32).digest()


def _digests_of_frames(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the digests of the frames behind the first."""
    behind = pages(file)[1:]
    file.seek(0)
    image = open_whole(file)
    for page in behind:
        yield digest_of(load_opened(image, file, page)[0])


def digest_of(image: Any) -> bytes:
    """Return 32 bytes that tell size, mode and pixels of a decoded image, or of an array."""
    if not isinstance(image, Image.Image):
        array = as_array(image)
        header = f"{array.dtype.str} {array.shape} ".encode()
        return blake2b(header + array.tobytes(), digest_size=32).digest()
    colours = expanded(image)
    header = f"{colours.mode} {colours.width} {colours.height} ".encode()
    return blake2b(header + colours.tobytes(), digest_size=32).digest()
