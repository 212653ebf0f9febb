"""PNG: the checksums of pixels, which Pillow does not compare, and small files decoded at once.

Each chunk ends in a CRC-32 of its type and data (PNG specification, third edition, 5.5). Pillow
compares those of the chunks before the pixels. It stops reading pixels when it has enough, often
before the Adler-32 at the end of their zlib stream, so that damaged pixels would be measured.

For an image of a few hundred pixels, Pillow takes more than twice as long to read the chunks, one
Python call each, as to decode the pixels. So of small files what nearly all are is read here: 8-bit
gray or color, in one pass, with nothing beside the pixels that could change them, all checksums
compared. Whatever else a file is, or what is wrong with it, is for Pillow.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import IO

from PIL import Image

from bnstat.decode.modes import UnmeasurableError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What begins a frame of an animation (5.6 and 11.3.6).
_FRAME = b"fcTL"
# Of an image, of a frame of an animation, and one that Pillow takes for pixels too.
_PIXELS = (b"IDAT", b"fdAT", b"DDAT")
_HEAD, _CRC = struct.Struct(">I4s"), struct.Struct(">I")
_BLOCK = 1 << 20
# By color type (PNG specification, third edition, 11.2.1).
_MODES = {0: "L", 2: "RGB", 4: "LA", 6: "RGBA"}
# Chunks that say nothing of the samples, and their lengths: of others Pillow complains.
_BESIDE = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"tIME": 7}
_HEADER = struct.Struct(">IIBBBBB")


def check_pixels(
    file: IO[bytes], start: int = 0, last: int | None = None, *, whole: bool = True
) -> None:
    """Compare the checksum of every chunk of pixels of the PNG that starts at a byte of a file.

    With `last`, only those up to this frame of an animation, which is drawn over the ones before.
    Without `whole`, the last chunk may be cut off.
    """
    file.seek(start + len(SIGNATURE))
    frame = -1
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, kind = _HEAD.unpack(head)
        if kind == b"IEND":
            return
        frame += kind == _FRAME or (frame < 0 and kind in _PIXELS)
        if last is not None and frame > last:
            return
        if kind in _PIXELS:
            _check_chunk(file, length, kind, whole)
        else:
            file.seek(length + _CRC.size, 1)


def _check_chunk(file: IO[bytes], length: int, kind: bytes, whole: bool) -> None:
    """Compare the checksum of the chunk whose data come next; a block of them is in memory."""
    crc = zlib.crc32(kind)
    while length > _BLOCK and (data := file.read(_BLOCK)):
        crc = zlib.crc32(data, crc)
        length -= len(data)
    data = file.read(min(length, _BLOCK) + _CRC.size)
    if len(data) < length + _CRC.size:
        if not whole:
            return
        raise OSError("image file is truncated")
    if data[length:] != _CRC.pack(zlib.crc32(data[:length], crc)):
        raise UnmeasurableError(f"is broken: the checksum of its {kind.decode()} chunk is wrong")


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
