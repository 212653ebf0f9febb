"""JPEG 2000: samples as the file has them.

Pillow shifts gray of 9 to 15 bits to the left, so that it fills 16 bits but for the lowest, and
adds to signed samples what makes the smallest 0.
"""

from __future__ import annotations

import struct
from typing import IO

import numpy as np
from PIL import Image

from bnstat.decode.depth import check_unsigned
from bnstat.decode.modes import GRAY_16, with_bits


def load_jpeg_2000(image: Image.Image, file: IO[bytes]) -> Image.Image:
    """Load an opened image; gray of more than 8 bits gets the values that the file has.

    Raises
    ------
    UnmeasurableError
        If its samples are signed.
    """
    depths = _component_depths(file)
    for bits, signed in depths:
        check_unsigned(bits, signed)
    image.load()
    bits = depths[0][0]
    if image.mode not in GRAY_16 or bits >= 16:
        return image
    return with_bits(Image.fromarray(np.asarray(image) >> (16 - bits)), bits)


def _component_depths(file: IO[bytes]) -> list[tuple[int, bool]]:
    """Return bits and sign of each component, from a codestream's SIZ marker.

    ISO/IEC 15444-1, A.5.1: their number is 40 bytes behind the start; each then has three bytes.
    """
    file.seek(_codestream(file) + 40)
    (components,) = struct.unpack(">H", file.read(2))
    sizes = file.read(3 * components)[::3]
    return [((size & 0x7F) + 1, size >= 0x80) for size in sizes]


def _codestream(file: IO[bytes]) -> int:
    """Return where the codestream starts: at once, or in a box of its own (15444-1, I.4)."""
    at = 0
    while True:
        file.seek(at)
        head = file.read(16)
        if at == 0 and head.startswith(b"\xff\x4f"):
            return 0
        length, kind, longer = struct.unpack(">I4sQ", head)
        if kind == b"jp2c":
            return at + (16 if length == 1 else 8)
        at += longer if length == 1 else max(length, 8)
