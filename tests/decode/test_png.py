"""PNG: damaged pixels are found, and small files decoded as Pillow decodes them."""

from __future__ import annotations

import io
import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from bnstat.decode import png as png_module
from bnstat.decode.decoding import load
from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.png import load_small_png


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
    monkeypatch.setattr(png_module, "_BLOCK", block)
    png_module.check_pixels(io.BytesIO(animation))
    png_module.check_pixels(io.BytesIO(b"behind" + animation), 6)


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


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(mode="RGB", size=(5, 4), *, seed=0, **options):
    """Return the bytes of an image of random samples."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    samples = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), np.uint8)
    image = Image.fromarray(samples.squeeze(2) if bands == 1 else samples, mode)
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def with_chunks(data, *chunks, before=b"IDAT"):
    at = data.index(before) - 4
    return data[:at] + b"".join(chunks) + data[at:]


@given(
    st.sampled_from(["L", "LA", "RGB", "RGBA"]),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(0, 99),
    st.integers(0, 9),
)
def test_as_pillow_decodes(mode, size, seed, level):
    data = png(mode, size, seed=seed, compress_level=level)
    found, expected = load_small_png(BytesIO(data)), Image.open(BytesIO(data))
    assert found == expected.copy()
    assert (found.format, found.mode, found.size) == ("PNG", mode, size)


def split(data, parts):
    """Return a file with its pixels in several chunks."""
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4])
    pixels, end = data[start + 8 : start + 8 + length], start + 12 + length
    step = -(-length // parts)
    cut = b"".join(chunk(b"IDAT", pixels[i : i + step]) for i in range(0, length, step))
    return data[:start] + cut + data[end:]


def test_pixels_in_several_chunks_and_what_says_nothing_of_them():
    data = with_chunks(split(png(), 3), chunk(b"gAMA", b"\0\0\xb1\x8f"))
    found, expected = load_small_png(BytesIO(data)), Image.open(BytesIO(data))
    assert (found.mode, found.tobytes()) == (expected.mode, expected.tobytes())


def text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "x")
    return png(pnginfo=info)


def saved(image, **options):
    file = BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


WHOLE = png()
LEFT_TO_PILLOW = {
    "palette": saved(Image.new("P", (3, 3))),
    "16 bits": saved(Image.new("I;16", (3, 3))),
    "one bit": saved(Image.new("1", (3, 3))),
    "a transparent color": png(transparency=(1, 2, 3)),
    "text": text(),
    "an orientation": png(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    "a profile": png(icc_profile=b"x" * 200),
    "an animation": saved(
        Image.new("L", (3, 3)), save_all=True, append_images=[Image.new("L", (3, 3), 9)]
    ),
    "a second header": with_chunks(WHOLE, WHOLE[8:33]),
    "a chunk among the pixels": with_chunks(WHOLE, chunk(b"gAMA", b"\0\0\xb1\x8f"), before=b"IEND"),
    "a chunk of a wrong length": with_chunks(WHOLE, chunk(b"gAMA", b"\0")),
    "another file": b"\xff\xd8\xff" + WHOLE,
    "nothing": b"",
}
BROKEN = {
    "a wrong checksum": WHOLE.replace(b"IDAT", b"IDAT", 1)[:-20] + b"\0" + WHOLE[-19:],
    "no end": WHOLE[:-12],
    "no pixels": WHOLE[:33] + WHOLE[-12:],
    "too few pixels": WHOLE[:33] + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + WHOLE[-12:],
    "no stream": WHOLE[:33] + chunk(b"IDAT", b"\1\2\3") + WHOLE[-12:],
    "a cut head": WHOLE[:40],
    "no size": WHOLE[:8] + chunk(b"IHDR", bytes(8) + b"\x08\2\0\0\0") + WHOLE[33:],
}


@pytest.mark.parametrize("data", LEFT_TO_PILLOW.values(), ids=LEFT_TO_PILLOW)
def test_what_is_unusual_is_left_to_pillow(data):
    assert load_small_png(BytesIO(data)) is None


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_left_to_pillow(data):
    """Its reasons stay those that Pillow gives, or that its checksum is wrong."""
    assert load_small_png(BytesIO(data)) is None
    if data != BROKEN["no end"]:  # which Pillow takes, as all pixels are there
        with pytest.raises((OSError, SyntaxError, UnmeasurableError)):
            load(BytesIO(data))


def test_too_many_pixels_are_left_to_pillow(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9)
    assert load_small_png(BytesIO(WHOLE)) is None
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert load_small_png(BytesIO(WHOLE)) is not None


def test_a_file_on_disk_is_left_to_pillow(tmp_path):
    (tmp_path / "a.png").write_bytes(WHOLE)
    with open(tmp_path / "a.png", "rb") as file:
        assert load_small_png(file) is None
