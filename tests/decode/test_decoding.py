"""Decoding: whole or not at all, with the reason in one line."""

import logging
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from bnstat.decode import decoding, image_files


@pytest.fixture
def header(tmp_path):
    """Write a PNG file that says it has so many pixels, and has three bytes of them."""

    def block(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    def write(width, height):
        size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        pixels = zlib.compress(b"\0\0\0")
        blocks = block(b"IHDR", size) + block(b"IDAT", pixels) + block(b"IEND", b"")
        (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + blocks)
        return tmp_path / "x.png"

    return write


@pytest.fixture(
    params=["x.jpg", "progressive.jpg", "x.png", "x.bmp", "x.ppm", "x.tif", "lzw.tif", "x.webp"]
)
def whole(request, tmp_path):
    """An image in each of the formats, by its usual encoder."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((40, 32))
    options = {"progressive.jpg": {"progressive": True}, "lzw.tif": {"compression": "tiff_lzw"}}
    image.save(tmp_path / request.param, **options.get(request.param, {}))
    return tmp_path / request.param


def test_cut_file_is_measured_whole_or_not_at_all(whole, measured):
    """Wherever a file is cut off, it fails, unless all pixels were before the cut."""
    data, histogram = whole.read_bytes(), measured(whole).histogram
    failed = 0
    for length in range(0, len(data), max(1, len(data) // 97)):
        whole.write_bytes(data[:length])
        found = measured(whole)
        failed += found.reason is not None
        assert found.reason or found.histogram == histogram
    assert failed >= 95


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("name", ["x.jpg", "x.png"])
def test_truncated_photo_fails(drawn, measured, name, share):
    """A JPEG or PNG whose end is missing fails, and says so."""
    path = drawn(name, "RGB", (200, 150))
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert measured(path).reason.startswith("is broken: image file is truncated")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"This is no image.\n", "is not an image of a known format"),
        (b"\x89PNG\r\n\x1a\n", "cannot be read as PNG: its header is cut off or damaged"),
        (b"\xff\xd8\xff\xe0", "cannot be read as JPEG: its header is cut off or damaged"),
        (b"P6 0 0 255\n", "cannot be read as PPM: not identified by this driver"),
    ],
    ids=["nothing", "text", "head of a PNG", "head of a JPEG", "no pixels"],
)
def test_what_is_no_image(tmp_path, measured, content, reason):
    """A file that is no image fails with a reason, whatever its name."""
    (tmp_path / "x.jpg").write_bytes(content)
    assert measured(tmp_path / "x.jpg").reason == reason


def test_png_without_its_pixels_fails(header, measured):
    """A file with fewer pixels than its head says is broken, though its compression ends well."""
    reason = "is broken: image file is truncated (0 bytes not processed)"
    assert measured(header(20, 10)).reason == reason


def test_huge_image_is_refused_before_it_is_decoded(header, measured):
    """65,000 × 65,000 pixels would be 12 GB: the header is enough to refuse them."""
    reason = measured(header(65_000, 65_000)).reason
    assert reason == "has 4225000000 pixels, more than --max-pixels allows"


@pytest.mark.parametrize(("limit", "fits"), [(391, True), (390, False), (1, False), (10**9, True)])
def test_max_pixels_is_the_most(drawn, measured, limit, fits):
    """An image of as many pixels as the limit is measured, one of more is not."""
    reason = measured(drawn("x.png", "RGB", (23, 17)), max_pixels=limit).reason
    assert (reason is None) == fits
    assert fits or reason.endswith(" pixels, more than --max-pixels allows")


def test_callers_pillow_is_left_alone(drawn, measured, monkeypatch):
    """What the program around set for itself neither bends the rules nor is changed."""
    path = drawn("x.jpg", "RGB", (200, 150))
    cut = path.with_name("cut.jpg")
    cut.write_bytes(path.read_bytes()[:2000])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert measured(path).reason is None
    assert measured(cut).reason.startswith("is broken: image file is truncated")
    assert (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS) == (True, 10)


def test_callers_pillow_is_restored_after_an_error(monkeypatch):
    """Whatever ends the decoding, the settings are as they were."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    handlers = list(logging.getLogger("PIL").handlers)
    with pytest.raises(KeyboardInterrupt), decoding.strict_pillow(5):
        raise KeyboardInterrupt
    assert Image.MAX_IMAGE_PIXELS is None
    assert logging.getLogger("PIL").handlers == handlers


def test_large_image_within_the_limit_does_not_warn(drawn, measured):
    """Pillow warns of images above half its limit; that is no news here (warnings are errors)."""
    assert measured(drawn("x.png", "RGB", (23, 17)), max_pixels=400).reason is None


RAISED = [
    ValueError("a\nb"),
    SyntaxError("not a TIFF file"),
    NotImplementedError("no such thing"),
    struct.error("unpack requires a buffer"),
    OSError("broken data stream"),
    OSError(13, "Permission denied"),
    MemoryError(),
    Image.DecompressionBombError("1 > 0"),
    KeyError("x"),
    IndexError(),
    AttributeError("'NoneType' object"),
    RecursionError("maximum recursion depth exceeded"),
    ZeroDivisionError("division by zero"),
    OverflowError("\r\x1b[2J"),
    EOFError(),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_a_decoder_raises_is_a_reason_on_one_line(tmp_path, measured, monkeypatch, error):
    """No exception of a decoder ends the run: it becomes the reason of that image."""

    def fail(file, prefix):
        raise error

    monkeypatch.setitem(Image.OPEN, "BAD", (fail, lambda prefix: prefix.startswith(b"BAD")))
    monkeypatch.setattr(image_files, "OPENED", ("BAD",))
    (tmp_path / "x.jpg").write_bytes(b"BAD image")
    reason = measured(tmp_path / "x.jpg").reason
    assert len(reason) > 5 and reason.isprintable()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(13, "Permission denied"), "Permission denied"),
        (OSError("broken data stream"), "is broken: broken data stream"),
        (MemoryError(), "needs more memory than there is"),
        (KeyError("x"), "is broken: KeyError: 'x'"),
        (ValueError("no"), "is broken: ValueError: no"),
        (decoding.UnmeasurableError("has no pixels"), "has no pixels"),
    ],
    ids=str,
)
def test_reasons(error, reason):
    """A reason says what was wrong, and names the exception where it is a strange one."""
    assert decoding.reason(error, 10) == reason


def test_file_that_has_gone_is_a_failure(drawn, measured):
    """A file deleted, or replaced by a folder, is an image that cannot be opened."""
    path = drawn("x.png", "RGB")
    path.unlink()
    assert measured(path).reason == "No such file or directory"
    path.mkdir()
    assert measured(path).reason == "is a folder"


def test_libtiff_keeps_off_stderr(drawn, measured, capfd):
    """What libtiff would print of a broken file by itself is left to the reason."""
    path = drawn("x.tif", "RGB", compression="tiff_adobe_deflate")
    data = path.read_bytes()
    path.write_bytes(data[:100] + b"\xff" + data[101:])
    said = "ZIPDecode: Decoding error at scanline 0, incorrect data check"
    assert measured(path).reason == f"is broken: {said}"
    os.write(2, b"still here\n")
    assert capfd.readouterr() == ("", "still here\n")


def test_fax_with_a_bad_line_fails(tmp_path, measured, capfd):
    """libtiff fills in the rest of the line and goes on; that is no whole image."""
    noise = np.random.default_rng(0).integers(0, 2, (60, 80), dtype=np.uint8) == 1
    Image.fromarray(noise).save(tmp_path / "x.tif", compression="group4")
    assert measured(tmp_path / "x.tif").reason is None
    data = bytearray((tmp_path / "x.tif").read_bytes())
    data[300:310] = b"\xaa\x01\x55\0\0\0\0\x37\xff\x01"
    (tmp_path / "x.tif").write_bytes(data)
    reason = measured(tmp_path / "x.tif").reason
    assert reason.startswith("is broken: Fax4Decode: ") and "Bad code word at line" in reason
    assert capfd.readouterr().err == ""


def test_closed_stderr_does_not_matter(drawn, python):
    """Where there is no stderr, a TIFF is measured all the same."""
    path = drawn("x.tif", "RGB")
    code = (
        "import os, sys, bnstat; os.close(2)\n"
        "print(bnstat.compute(sys.argv[1], workers=1).count[0])"
    )
    assert python("-c", code, path).stdout == "391\n"


def test_pillows_log_keeps_off_stderr(tmp_path, python, tiff):
    """What Pillow logs goes where the program around wants it, and nowhere without one."""
    (tmp_path / "folder").mkdir()
    path = tiff("folder/x.tif", np.zeros((2, 2, 1), dtype=np.uint8))
    samples = struct.pack("<HHI", 277, 3, 1)
    path.write_bytes(path.read_bytes().replace(samples + b"\1\0", samples + b"\x07\0"))
    (tmp_path / "logs.py").write_text(LOGS)
    loud = python("-m", "bnstat", "compute", "folder").stderr
    (line,) = [line for line in loud.splitlines() if "samples per pixel" in line]
    assert line.startswith("failed: x.tif: ") and "Invalid value for samples per pixel" in line
    assert python("logs.py").stdout == "More samples per pixel than can be decoded: 7\n"


LOGS = """
import logging, sys, bnstat
logging.basicConfig(stream=sys.stdout, format="%(message)s")
try:
    bnstat.compute("folder", workers=1)
except bnstat.BnstatError:
    pass
"""
