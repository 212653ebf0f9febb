"""Small PNG files, decoded by Pillow's decoder without Pillow's reading of their chunks.

For an image of a few hundred pixels, Pillow takes more than twice as long to read the chunks, one
Python call each, as to decode the pixels. Here only what nearly all such files are is read: 8-bit
gray or color, in one pass, with nothing beside the pixels that could change them. Whatever else a
file is, or what is wrong with it, is for Pillow.

Checksums are compared as in `png_checksums`, of every chunk.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import IO

from PIL import Image

from bnstat.decode.png_checksums import SIGNATURE

# By color type (PNG specification, third edition, 11.2.1).
_MODES = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}
# Chunks that say nothing of the samples, and their lengths: of others Pillow complains.
_BESIDE = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
_HEAD, _CRC, _HEADER = struct.Struct(">I4s"), struct.Struct(">I"), struct.Struct(">IIBBBBB")


def load_small_png(file: IO[bytes]) -> Image.Image | None:
    """Return the decoded image of a file in memory; None of all that Pillow has to look at."""
    if not isinstance(file, BytesIO):
        return None
    data = file.getvalue()
    if not data.startswith(SIGNATURE + b"\0\0\0\rIHDR"):
        return None
    try:
        return _decoded(data)
    except (struct.error, ValueError):
        return None


def _decoded(data: bytes) -> Image.Image | None:
    width, height, bits, color, *methods = _HEADER.unpack_from(data, 16)
    limit = Image.MAX_IMAGE_PIXELS
    usual = bits == 8 and color in _MODES and methods == [0, 0, 0] and width * height > 0
    pixels = _pixels(data) if usual and (limit is None or width * height <= 2 * limit) else None
    if pixels is None:
        return None
    mode = _MODES[color]
    image = Image.frombytes(mode, (width, height), pixels, "zip", mode, 0)
    image.format = "PNG"
    return image


def _pixels(data: bytes) -> bytes | None:
    """Return the data of all pixels; None where a checksum or another chunk is for Pillow."""
    found: list[bytes] = []
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        length, kind = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length
        if _CRC.unpack_from(data, end)[0] != zlib.crc32(data[at + 4 : end]):
            return None
        if kind == b"IDAT":
            found.append(data[at + _HEAD.size : end])
        elif at > len(SIGNATURE) and kind != b"IEND" and (found or _BESIDE.get(kind) != length):
            return None
        at = end + _CRC.size
    return b"".join(found)
