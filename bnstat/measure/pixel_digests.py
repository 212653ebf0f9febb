"""Images to digests of their pixels: equal ones are equal images."""

from __future__ import annotations

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
    """Return what tells an image and all that its file has besides: lower bytes, and frames.

    Where these cannot be read, files are equal that have the same bytes.
    """
    own = digest_of(decoded.image)
    deep_color = decoded.deep and len(decoded.image.getbands()) > 1
    several = any(code == "frames" for code, *_ in notes_of(decoded.image))
    if not (deep_color or several) or isinstance(decoded.reference.content, Items):
        return own
    with decoded.reference.open(limits) as file:
        try:
            rest = _digests_of_rest(file, deep_color=deep_color, several=several)
        except Exception:  # of a broken frame
            rest = []
        return own + (b"".join(rest) or _digest_of_bytes(file))


def _digests_of_rest(file: IO[bytes], *, deep_color: bool, several: bool) -> list[bytes]:
    """Return the digests of what there is beside an image; none where Pillow does not give it."""
    if not deep_color:
        return _digests_of_frames(file)
    low = None if several else low_bytes(file)
    return [] if low is None else [digest_of(low)]


def _digests_of_frames(file: IO[bytes]) -> list[bytes]:
    """Return the digests of the frames behind the first."""
    behind = pages(file)[1:]
    file.seek(0)
    image = open_whole(file)
    return [digest_of(load_opened(image, file, page)[0]) for page in behind]


def _digest_of_bytes(file: IO[bytes]) -> bytes:
    file.seek(0)
    return blake2b(file.read(), digest_size=32).digest()


def digest_of(image: Any) -> bytes:
    """Return 32 bytes that tell size, mode and pixels of a decoded image, or of an array."""
    if not isinstance(image, Image.Image):
        array = as_array(image)
        header = f"{array.dtype.str} {array.shape} ".encode()
        return blake2b(header + array.tobytes(), digest_size=32).digest()
    colours = expanded(image)
    header = f"{colours.mode} {colours.width} {colours.height} ".encode()
    return blake2b(header + colours.tobytes(), digest_size=32).digest()
