"""Samples as their files declare them: how deep, whether signed, and what Pillow makes of them.

Pillow shifts gray of 9 to 15 bits in a JPEG 2000 file to the left, so that it fills 16 bits but for
the lowest, and adds to signed samples what makes the smallest 0. libtiff prints on stderr what it
cannot decode, and Pillow goes on. Of 16-bit color Pillow gives the upper byte: its decoders are
told the order of the two bytes; told the other order, they give the lower one.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import IO, Any

import numpy as np
from PIL import Image, ImageChops

from bnstat.decode.image_files import open_image
from bnstat.decode.modes import (
    FLOAT,
    GRAY_16,
    VISIBLE,
    UnmeasurableError,
    note,
    with_bits,
    with_white,
)
from bnstat.sources.bounds import read_exactly, step

_DEEP = frozenset((*GRAY_16, FLOAT, "I"))
# Tags of TIFF 6.0, sections 8 and 19; a SampleFormat of 2 is two's complement.
_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _SIGNED = 258, 339, 2
# Samples a pixel; what those beside the colors are, 0 being unspecified; how many colors there are
# by photometric interpretation, where these are not 3.
_SAMPLES, _EXTRA_SAMPLES, _PHOTOMETRIC = 277, 338, 262
_COLORS = {0: 1, 1: 1, 3: 1, 5: 4}
# https://gdal.org/en/stable/drivers/raster/gtiff.html#metadata: XML with items of each band.
_GDAL = 42112
_LINEAR = re.compile(rb'sample="0" role="(scale|offset)">([-+.0-9eE]{1,40})<')
# Where strips and tiles begin; 0 is of one that was never written, and that readers fill.
_OFFSETS = (273, 324)
# As in "Fax4Decode: Bad code word at line 22 of strip 0 (x 28)."; other complaints are of tags.
_DECODING = re.compile(rb"\w+Decode\w*: .*[^.\n]")
# Bytes of an AVIF file in which its properties are looked for.
_AVIF_PROPERTIES = 1 << 16
_NO_CODESTREAM = "is broken: it has no JPEG 2000 codestream"
_MISSING = re.compile(rb"([\w ]+) compression support is not configured")
_OTHER_ORDER = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
_OTHER_ORDER |= {other: order for order, other in _OTHER_ORDER.items()}


def deeper_than_8_bits(image: Image.Image, file: IO[bytes] | None) -> bool:
    """Whether an opened image's file has more than 8 bits a sample; ask before it is loaded."""
    if image.mode in _DEEP:
        return True
    if image.format == "AVIF" and file is not None:
        return _avif_is_deep(file)
    return any(_tells_depth(tile.args) for tile in getattr(image, "tile", ()))


def _tells_depth(args: object) -> bool:
    """Whether a decoder is told a raw mode such as "RGB;16B", or PPM's largest value."""
    if isinstance(args, str):
        return ";16" in args
    if not isinstance(args, tuple):
        return False
    if len(args) == 2 and isinstance(args[1], int):  # PPM: (mode, largest value)
        return args[1] > 255
    return any(isinstance(part, str) and ";16" in part for part in args)


def _avif_is_deep(file: IO[bytes]) -> bool:
    """Whether the first image in an AVIF file has 10 or 12 bits, of which Pillow gives 8.

    The third byte of its property av1C has the bit high_bitdepth
    (https://aomediacodec.github.io/av1-isobmff/, 2.3.3). Properties stand before the pixels.
    """
    file.seek(0)
    head = file.read(_AVIF_PROPERTIES)
    at = head.find(b"av1C") + 6
    return 6 <= at < len(head) and bool(head[at] & 0x40)


def check_unsigned(bits: int, signed: bool) -> None:
    """Raise UnmeasurableError if samples are signed; those of 32 bits have no scale anyway."""
    if signed and bits < 32:
        raise UnmeasurableError(f"has signed {bits}-bit samples, which have no known scale")


def load_tiff(image: Any) -> Image.Image:
    """Load an opened image; 12-bit gray knows its bits."""
    tags = image.tag_v2
    bits = tags.get(_BITS_PER_SAMPLE, (1,))[0]
    check_unsigned(bits, _SIGNED in tags.get(_SAMPLE_FORMAT, ()))
    if any(0 in tags.get(offsets, ()) for offsets in _OFFSETS):
        raise UnmeasurableError("lacks blocks that were never written; --mode bands reads it")
    with _libtiff_heard() as heard:
        try:
            image.load()
        finally:
            heard.seek(0)
            _raise_complaint(heard.read(4096))
    _note_bands(image, tags)
    _note_scale(image, tags)
    image = with_bits(image, bits)
    gray = tags.get(_PHOTOMETRIC) in (0, 1) and tags.get(_SAMPLES, 1) == 1 and image.mode != FLOAT
    return with_white(image, bits, is_zero=tags[_PHOTOMETRIC] == 0) if gray else image


def _note_scale(image: Image.Image, tags: Any) -> None:
    """Note that GDAL's metadata declare a scale or an offset other than 1 and 0."""
    declared = {n.decode(): float(v) for n, v in _LINEAR.findall(str(tags.get(_GDAL, "")).encode())}
    scale, offset = declared.get("scale", 1.0), declared.get("offset", 0.0)
    if (scale, offset) != (1.0, 0.0):
        note(image, "scaled", f"scale {scale:g}, offset {offset:g}")


def _note_bands(image: Image.Image, tags: Any) -> None:
    bands, extra = tags.get(_SAMPLES, 1), tags.get(_EXTRA_SAMPLES, ())
    colors = _COLORS.get(tags.get(_PHOTOMETRIC), 3)
    if bands - colors > sum(kind != 0 for kind in extra):
        note(image, "bands", f"{bands} bands")


def _raise_complaint(heard: bytes) -> None:
    if missing := _MISSING.search(heard):
        method = missing[1].decode(errors="replace")
        raise UnmeasurableError(f"is compressed by {method}, which this Pillow does not decode")
    if complaint := _DECODING.search(heard):
        raise UnmeasurableError(f"is broken: {complaint[0].decode(errors='replace')}")


@contextmanager
def _libtiff_heard() -> Iterator[IO[bytes]]:
    """Keep what libtiff itself prints off stderr; give the file that it goes to."""
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        stderr = os.open(os.devnull, os.O_RDWR)
    try:
        with _unnamed_file() as heard:
            os.dup2(heard.fileno(), 2)
            try:
                yield heard
            finally:
                os.dup2(stderr, 2)
    finally:
        if stderr != 2:
            os.close(stderr)


def _unnamed_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):  # Linux
        return open(os.memfd_create("libtiff"), "r+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def load_jpeg_2000(image: Image.Image, file: IO[bytes]) -> Image.Image:
    """Load an opened image; gray of more than 8 bits gets the values that the file has."""
    depths = _component_depths(file)
    for bits, signed in depths:
        check_unsigned(bits, signed)
    image.load()
    bits = depths[0][0]
    if image.mode not in GRAY_16 or bits >= 16:
        return image
    shifted = Image.fromarray(np.asarray(image) >> (16 - bits))
    shifted.format = image.format
    return with_bits(shifted, bits)


def _component_depths(file: IO[bytes]) -> list[tuple[int, bool]]:
    """Return bits and sign of each component, from a codestream's SIZ marker.

    ISO/IEC 15444-1, A.5.1: their number is 40 bytes behind the start; each then has three bytes.
    """
    file.seek(_codestream(file) + 40)
    (components,) = struct.unpack(">H", read_exactly(file, 2, _NO_CODESTREAM))
    sizes = read_exactly(file, 3 * components, _NO_CODESTREAM)[::3]
    return [((size & 0x7F) + 1, size >= 0x80) for size in sizes]


def _codestream(file: IO[bytes]) -> int:
    """Return where the codestream starts: at once, or in a box of its own (15444-1, I.4)."""
    file.seek(0)
    at = 0
    while not (head := read_exactly(file, 8, _NO_CODESTREAM)).startswith(b"\xff\x4f"):
        length, kind = struct.unpack(">I4s", head)
        if length == 1:
            head += read_exactly(file, 8, _NO_CODESTREAM)
            length = int.from_bytes(head[8:])
        if kind == b"jp2c":
            return at + len(head)
        at = step(at, length, f"is broken: its box at byte {at}", least=len(head))
        file.seek(at)
    return at


def low_bytes(file: IO[bytes]) -> Image.Image | None:
    """Return the lower bytes of all samples as an image; None of other formats and modes."""
    file.seek(0)
    image: Any = open_image(file)
    raw = raw_mode(image)
    if raw not in _OTHER_ORDER or not isinstance(image.tile[0].args, str):
        return None
    image.tile = [tile._replace(args=_OTHER_ORDER[raw]) for tile in image.tile]
    image.load()
    low: Image.Image = image
    return low


def raw_mode(image: Any) -> str:
    """Return how the samples of an opened image are packed in its file, before it is loaded."""
    args = image.tile[0].args if image.tile else ""
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) else ""


def find_visible(image: Image.Image, file: IO[bytes]) -> Image.Image:
    """Tell the pixels of a loaded PNG that are not of its tRNS's color, by all of their bits."""
    key = image.info.pop("transparency")
    low = low_bytes(file)
    assert low is not None
    different = [
        band.point([255 * (value != part) for value in range(256)])
        for parts, plane in (([v >> 8 for v in key], image), ([v & 0xFF for v in key], low))
        for part, band in zip(parts, plane.split(), strict=True)
    ]
    image.info[VISIBLE] = reduce(ImageChops.lighter, different)
    return image
