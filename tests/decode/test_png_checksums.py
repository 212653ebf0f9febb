"""The checksums of a PNG's pixels are compared before they are decoded."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from bnstat.decode import png


@pytest.fixture
def animation():
    """A PNG of three frames: its first pixels are in IDAT, the others in fdAT chunks."""
    rng = np.random.default_rng(4)
    frames = [Image.fromarray(rng.integers(0, 256, (9, 8, 3), dtype=np.uint8)) for _ in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


def chunks(data):
    """Yield where each chunk of a PNG starts, its type, and where its checksum is."""
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield at, kind, at + 8 + length
        at += 12 + length


@pytest.mark.parametrize("kind", [b"IDAT", b"fdAT"])
def test_wrong_checksum_of_pixels_fails(tmp_path, measured, animation, kind):
    """Though the pixels are whole: of whatever they are, the file says something else."""
    (at,) = [end for _, found, end in chunks(animation) if found == kind][:1]
    path = tmp_path / "x.png"
    path.write_bytes(animation)
    assert measured(path).reason is None
    path.write_bytes(animation[:at] + b"\0\0\0\0" + animation[at + 4 :])
    assert f"is broken: the checksum of its {kind.decode()} chunk is wrong" == measured(path).reason


def test_wrong_checksum_of_text_behind_the_pixels_does_not_matter(tmp_path, measured, animation):
    """It says nothing of pixels; Pillow does not mind either."""
    text = struct.pack(">I", 4) + b"tEXt" + b"a\0bc" + b"\0\0\0\0"
    path = tmp_path / "x.png"
    path.write_bytes(animation[:-12] + text + animation[-12:])
    assert measured(path).reason is None


@pytest.mark.parametrize("missing", [1, 4, 5])
def test_file_that_ends_before_the_checksum_fails(drawn, measured, missing):
    """All pixels may be there, but nothing says that they are right."""
    path = drawn("x.png", "RGB")
    path.write_bytes(path.read_bytes()[: -12 - missing])
    assert measured(path).reason == "is broken: image file is truncated"


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_chunk_is_read_in_blocks(animation, monkeypatch, block):
    """A chunk that is larger than a block has the same checksum."""
    monkeypatch.setattr(png, "_BLOCK", block)
    png.check_pixels(io.BytesIO(animation))
    png.check_pixels(io.BytesIO(b"behind" + animation), 6)


def test_damaged_png_in_an_icon_fails(tmp_path, measured):
    """Pillow opens the picture of an icon itself."""
    path = tmp_path / "x.ico"
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 4), dtype=np.uint8)
    Image.fromarray(noise).save(path, sizes=[(16, 16), (32, 32)])
    data = path.read_bytes()
    assert measured(path).reason is None
    at = data.rindex(b"IEND") - 8
    path.write_bytes(data[:at] + b"\0\0\0\0" + data[at + 4 :])
    assert measured(path).reason == "is broken: the checksum of its IDAT chunk is wrong"
