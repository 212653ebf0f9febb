"""The checksums of a PNG's pixels, which Pillow does not compare.

Each chunk ends in a CRC-32 of its type and data (PNG specification, third edition, 5.5). Pillow
compares those of the chunks before the pixels. It stops reading pixels when it has enough, often
before the Adler-32 at the end of their zlib stream, so that damaged pixels would be measured.
"""

from __future__ import annotations

import struct
import zlib
from typing import IO

from bnstat.decode.modes import UnmeasurableError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# What begins a frame of an animation (5.6 and 11.3.6).
_FRAME = b"fcTL"
# Of an image, of a frame of an animation, and one that Pillow takes for pixels too.
_PIXELS = (b"IDAT", b"fdAT", b"DDAT")
_HEAD, _CRC = struct.Struct(">I4s"), struct.Struct(">I")
_BLOCK = 1 << 20


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
