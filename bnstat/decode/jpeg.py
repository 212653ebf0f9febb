"""Whether the data of a JPEG reach to its end: libjpeg fills in what is missing, and only warns.

Where the data of a scan have ended, libjpeg takes all further coefficients for 0, so that the rest
is gray of one value. An image that ends in such gray is decoded once more, with other data before
the end marker: if there is a place for them, it lacked data. Of a progressive image whole scans may
be missing; their headers say which (ITU-T T.81, B.2.3 and G.1.1.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from PIL import Image

from bnstat.decode.image_files import open_image
from bnstat.decode.modes import UnmeasurableError

# Of the middle, or of that of inverted CMYK.
_GRAY = (127, 128)
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
# Of progressive frames: Huffman or arithmetic, sequential or hierarchical (table B.1).
_FRAMES = (0xC2, 0xC6, 0xCA, 0xCE)
# In the data of a scan each 0xFF has a 0 behind it, or is a restart marker (B.1.1.5).
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
# Data for all the intervals between restart markers, of codes of all lengths.
_OTHER_DATA = b"".join(b"%b\xff%c" % (bytes(range(1, 250, 3)), 0xD0 + i) for i in range(8))
_COEFFICIENTS = 64
# The tag of a TIFF whose strips or tiles share their tables (TIFF technical note 2).
_TABLES = 347
# The tags that tell where strips or tiles are, and how many bytes they have.
_STRIPS, _TILES = (273, 279), (324, 325)


class CutOffError(UnmeasurableError):
    """An image whose data end before it does."""


def check_whole(image: Any, file: IO[bytes]) -> None:
    """Raise CutOffError if a decoded JPEG, or TIFF of JPEGs, lacks data, though it has its end."""
    try:
        (_check_tiff if image.format == "TIFF" else _check_jpeg)(image, file)
    except CutOffError:
        raise
    except Exception:  # the image was decoded, and nothing is known against it
        return


def _check_jpeg(image: Any, file: IO[bytes]) -> None:
    if "progressive" in image.info and _lacks_scans(_read(image, file)):
        raise CutOffError("is cut off: its last scans are missing")
    corner = image.width - 1, image.height - 1
    if _is_gray(image, corner) and _has_place(_read(image, file)):
        raise CutOffError("is cut off: its data end before its last row")


def _read(image: Any, file: IO[bytes]) -> bytes:
    """Return the file from where the picture begins, which is not the first of every MPO."""
    file.seek(getattr(image, "offset", 0))
    return file.read()


def _check_tiff(image: Any, file: IO[bytes]) -> None:
    """Raise CutOffError if one of the JPEGs that the strips or tiles of a TIFF are lacks data."""
    tags, tables = image.tag_v2, image.tag_v2.get(_TABLES, b"")
    blocks = map(tags.get, _STRIPS if _STRIPS[0] in tags else _TILES)
    for corner, at, size in zip(_corners(image), *blocks, strict=False):
        if _is_gray(image, corner):
            file.seek(at)
            if _has_place(tables[:-2] + file.read(size)[2 if tables else 0 :]):
                raise CutOffError("is cut off: data of one of its JPEG blocks end too early")


def _corners(image: Any) -> Iterator[tuple[int, int]]:
    """Yield the last pixel of each strip or tile of a TIFF, as far as it is in the image."""
    tags, (width, height) = image.tag_v2, image.size
    across, down = tags.get(322, width), tags.get(323, tags.get(278, height))
    for y in range(down, height + down, down):
        for x in range(across, width + across, across):
            yield min(x, width) - 1, min(y, height) - 1


def _is_gray(image: Image.Image, at: tuple[int, int]) -> bool:
    pixel = image.getpixel(at)
    samples = pixel if isinstance(pixel, tuple) else (pixel,)
    return all(sample in _GRAY for sample in samples)


def _has_place(data: bytes) -> bool:
    """Whether other data before the end marker change the image: so there was a place for them."""
    end = next((at for marker, at, _ in _segments(data) if marker == _END), len(data))
    return _pixels(data) != _pixels(data[:end] + _OTHER_DATA + data[end:])


def _pixels(data: bytes) -> bytes:
    image: Any = open_image(BytesIO(data))
    image.load()
    return bytes(image.tobytes())


def _lacks_scans(data: bytes) -> bool:
    """Whether a coefficient of a component is in no scan, or its last bits are in none."""
    left: dict[int, list[int]] = {}
    for marker, _, body in _segments(data):
        if marker in _FRAMES:
            left = {body[at]: [1] * _COEFFICIENTS for at in range(6, 6 + 3 * body[5], 3)}
        elif marker == _SCAN:
            first, last, bits = body[-3:]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                low = bits & 0xF
                left[component][first : last + 1] = [low] * (last + 1 - first)
    return any(map(any, left.values()))


def _segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while found := _MARKER.search(data, at):
        marker, at = found[1][0], found.end()
        length = 0 if marker in (_START, _END) else int.from_bytes(data[at : at + 2])
        yield marker, found.start(), data[at + 2 : at + length]
        if marker == _END:
            return
        at += length
