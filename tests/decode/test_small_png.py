"""Small PNG files: what is decoded here is what Pillow decodes; all else is left to Pillow."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from bnstat.decode.decoding import load
from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.png import load_small_png


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
