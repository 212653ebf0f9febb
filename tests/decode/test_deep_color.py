"""Color of 16 bits, and what a PNG's tRNS declares transparent, by all bits."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.decode.samples import low_bytes


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(depth, color, size, rows, key=b""):
    """Return a PNG: bits a sample, type of color, rows of packed bytes, tRNS."""
    head = struct.pack(">IIBBBBB", *size, depth, color, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = chunk(b"IHDR", head) + (chunk(b"tRNS", key) if key else b"")
    return b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def deep(pixels, key=b""):
    rows = [row.astype(">u2").tobytes() for row in pixels]
    return png(16, 2, (pixels.shape[1], pixels.shape[0]), rows, key)


PIXELS = np.array([[[0x1234, 7, 0xFFFF], [0x1235, 7, 0xFFFF], [0x1234, 0x107, 0xFFFF], [9, 9, 9]]])
KEY = struct.pack(">HHH", 0x1234, 7, 0xFFFF)


def test_the_lower_bytes_are_those_of_the_file():
    """Of color of 16 bits; of none other."""
    assert np.array_equal(PIXELS & 0xFF, np.asarray(low_bytes(BytesIO(deep(PIXELS)))))
    file = BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG")
    assert low_bytes(file) is None


@pytest.mark.parametrize("settings", [{"alpha": "exclude"}, {"nodata": "auto"}])
def test_a_transparent_color_of_16_bits(settings, tmp_path):
    """One pixel has it; others differ from it in one bit of 48."""
    (tmp_path / "a.png").write_bytes(deep(PIXELS, KEY))
    stats = bnstat.compute(tmp_path, workers=1, **settings)
    assert ((3,) * 3, (1,) * 3) == (stats.count, stats.selection.excluded)


def test_a_transparent_color_over_another(tmp_path):
    """Composed, it is that one."""
    (tmp_path / "a.png").write_bytes(deep(PIXELS, KEY))
    stats = bnstat.compute(tmp_path, workers=1, alpha="over:white")
    assert (255 + 0x12 * 2 + 0, 255 + 1, 3 * 255) == stats.sum


@pytest.mark.parametrize("settings", [{"alpha": "exclude"}, {"nodata": "auto"}])
@pytest.mark.parametrize(("depth", "row"), [(4, b"\x13\x30"), (2, b"\x7c"), (1, b"\x60")])
def test_a_transparent_gray_of_few_bits(depth, row, settings, tmp_path):
    """tRNS has the unit of the file: 3 of 15, of 3, and 1 of 1."""
    key = struct.pack(">H", 3 if depth > 1 else 1)
    (tmp_path / "a.png").write_bytes(png(depth, 0, (4, 1), [row], key))
    stats = bnstat.compute(tmp_path, workers=1, mode="L", **settings)
    assert ((2,), (2,)) == (stats.count, stats.selection.excluded)


def test_duplicates_are_told_by_all_bits(tmp_path):
    """Color of 16 bits that differs in the lowest, and files that differ on their second page."""
    other = PIXELS.copy()
    other[0, 3, 1] ^= 1
    for name, pixels in (("a", PIXELS), ("b", other), ("c", PIXELS)):
        (tmp_path / f"{name}.png").write_bytes(deep(pixels))
    found = bnstat.duplicates(tmp_path, workers=1)
    assert [("a.png", "c.png")] == [each.images for each in found.sets]


def test_duplicates_are_told_by_all_frames(tmp_path):
    """Of TIFFs with two pages each."""
    first = Image.new("L", (3, 3), 5)
    for name, value in (("a", 1), ("b", 2), ("c", 1)):
        second = Image.new("L", (3, 3), value)
        first.save(tmp_path / f"{name}.tif", save_all=True, append_images=[second])
    found = bnstat.duplicates(tmp_path, workers=1)
    assert [("a.tif", "c.tif")] == [each.images for each in found.sets]
    each = bnstat.duplicates(tmp_path, workers=1, frames="all")
    assert [("a.tif#0", "b.tif#0", "c.tif#0"), ("a.tif#1", "c.tif#1")] == [
        s.images for s in each.sets
    ]


def test_duplicates_of_which_a_frame_is_broken(tmp_path):
    """They are equal if their bytes are."""
    first, second = Image.new("L", (30, 30), 5), Image.new("L", (30, 30), 6)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    data = (tmp_path / "a.gif").read_bytes()[:-12]
    for name, end in (("a", b""), ("b", b"x"), ("c", b"")):
        (tmp_path / f"{name}.gif").write_bytes(data + end)
    files = [tmp_path / f"{name}.gif" for name in "abc"]
    found = bnstat.duplicates(*files, workers=1)
    assert [2] == [len(each.images) for each in found.sets]
