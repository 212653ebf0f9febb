"""Samples of 9 to 15 bits, signed samples, and modes that Pillow does not convert."""

import base64
import io
import struct
import sys
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from bnstat.decode.decoding import load
from bnstat.decode.modes import in_8_bits

# Gray pixels as imagecodecs 2026 wrote them, in base64: Pillow writes 8 bits alone.
AVIF = {
    8: (
        "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGlj"
        "dAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAHAAAAChp"
        "aW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAA"
        "AAAAAgAAAAIAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBIAAAAAAAE2NvbHJuY2x4AAIAAgAGgAAAABdpcG1h"
        "AAAAAAAAAAEAAQQBAoMEAAAAJG1kYXQSAAoHOAA2kCAgaTIPHEJi5OmmmmFjZoCQNZfw"
    ),
    10: (
        "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGlj"
        "dAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAAHAAAAChp"
        "aW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAA"
        "AAAAAgAAAAIAAAAQcGl4aQAAAAADCgoKAAAADGF2MUOBIEAAAAAAE2NvbHJuY2x4AAIAAgAGgAAAABdpcG1h"
        "AAAAAAAAAAEAAQQBAoMEAAAAJG1kYXQSAAoHOAA2sCAgaTIPHEJi5OvvvvFjZoCQNZfw"
    ),
    12: (
        "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOttZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAA"
        "AAAAAAAAAAAAAAAAAA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAAQ8AAAAdAAAAKGlpbmYA"
        "AAAAAAEAAAAaaW5mZQIAAAAAAQAAYXYwMUNvbG9yAAAAAGppcHJwAAAAS2lwY28AAAAUaXNwZQAAAAAAAAAC"
        "AAAAAgAAABBwaXhpAAAAAAMMDAwAAAAMYXYxQ4FAYAAAAAATY29scm5jbHgAAgACAAaAAAAAF2lwbWEAAAAA"
        "AAAAAQABBAECgwQAAAAlbWRhdBIACghYADa0CAgaIDIPHEJi5OvvvvFjZoCQNZfw"
    ),
}
TWELVE = np.array([[0, 1, 2, 4095], [4095, 2048, 17, 300]])


def packed(values):
    """Samples of 12 bits, two in three bytes."""
    bits = "".join(f"{value:012b}" for value in values.ravel())
    return int(bits, 2).to_bytes(len(bits) // 8)


def exact(values, largest):
    """Mean and M2 of values divided by the largest: exact fractions, rounded once."""
    shares = [Fraction(int(value), largest) for value in values.ravel()]
    mean = sum(shares) / len(shares)
    return float(mean), float(sum((share - mean) ** 2 for share in shares))


@pytest.fixture
def twelve(tiff):
    """A 12-bit gray TIFF."""
    return tiff("x.tif", TWELVE[..., np.newaxis], bits=12, data=packed(TWELVE))


@pytest.mark.parametrize(("mode", "grays", "alphas"), [("L", 1, 0), ("RGB", 3, 0), ("RGBA", 3, 1)])
def test_twelve_bits_are_divided_by_4095(twelve, measured, mode, grays, alphas):
    """The file's own bits tell the largest value, as float samples: 65535 is no multiple of it."""
    found = measured(twelve, mode)
    mean, m2 = exact(TWELVE, 4095)
    assert (found.n, found.kind.scale, found.deep) == (8, 1, True)
    assert found.first.tolist() == [mean] * grays + [1.0] * alphas
    assert found.second.tolist() == [m2] * grays + [0.0] * alphas


def test_twelve_bits_are_native_like_sixteen(twelve, measured):
    """A set may have gray of 12 and of 16 bits in its own mode."""
    assert measured(twelve, "native").kind == ("I;16", ("L",), 1)


def test_pipeline_receives_twelve_bits_as_eight(twelve):
    """Rounded to the nearest of 255 steps."""
    image, deep = load(io.BytesIO(twelve.read_bytes()))
    expected = [[round(Fraction(int(v) * 255, 4095)) for v in row] for row in TWELVE]
    assert (expected, deep) == (np.asarray(in_8_bits(image, "L")).tolist(), True)


def test_pipeline_receives_sixteen_bits_as_before():
    """v/257 rounded, for every value."""
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    found = np.asarray(in_8_bits(Image.fromarray(values), "L"))
    assert ((values.astype(np.int64) + 128) // 257).tolist() == found.tolist()


SIZ = b"\xff\x4f\xff\x51"


def jpeg_2000(path, values, size):
    """Write 16-bit JPEG 2000, and another byte where it says how deep its samples are."""
    Image.fromarray(values.astype(np.uint16)).save(path)
    data = bytearray(path.read_bytes())
    at = data.index(SIZ) + 42
    assert data[at] == 15
    data[at] = size
    path.write_bytes(data)
    return path


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")
@pytest.mark.parametrize("name", ["x.jp2", "x.j2k"])
def test_jpeg_2000_has_the_bits_that_it_declares(tmp_path, measured, name):
    """Pillow shifts 12-bit gray to the left, so that white would be less than 1."""
    path = jpeg_2000(tmp_path / name, np.full((64, 64), 4095), 11)
    found = measured(path, "L")
    with Image.open(path) as image:
        values = np.asarray(image)
    assert (values % 16).max() == 0
    assert ((found.first[0], found.second[0]), 1) == (exact(values // 16, 4095), found.kind.scale)


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_signed_jpeg_2000_fails(tmp_path, measured, bits):
    """Pillow adds a half to them without a word."""
    path = jpeg_2000(tmp_path / "x.jp2", np.zeros((8, 8)), 0x80 | bits - 1)
    assert measured(path).reason == f"has signed {bits}-bit samples, which have no known scale"


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("mode", ["RGB", "L", "native"])
def test_signed_tiff_fails(tiff, measured, dtype, order, mode):
    """What is below 0 has no place in [0, 1]."""
    samples = np.array([[[-1], [1]]], dtype=dtype)
    bits = 8 * samples.dtype.itemsize
    path = tiff("x.tif", samples, order, sample_format=2)
    assert (
        measured(path, mode).reason == f"has signed {bits}-bit samples, which have no known scale"
    )


@pytest.fixture
def lab(tmp_path):
    """A TIFF of CIE L*a*b* colors, of which a and b are signed."""
    rng = np.random.default_rng(8)
    colors = Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))
    srgb, cie = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    ImageCms.profileToProfile(colors, srgb, cie, outputMode="LAB").save(tmp_path / "x.tif")
    return tmp_path / "x.tif"


def test_lab_has_no_scale_of_its_own(lab, measured):
    """Pillow's histogram and its pixels disagree on what a and b are."""
    reason = "is of mode LAB, whose a and b are signed: no known scale"
    assert measured(lab, "native").reason == reason


def test_lab_is_measured_as_the_colors_that_it_is(lab, measured, counted):
    """In another mode it is converted."""
    with Image.open(lab) as image:
        assert measured(lab, "RGB").histogram == counted(image.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA"])
def test_premultiplied_gray_is_divided_by_its_alpha(tiff, measured, counted, mode):
    """Pillow converts mode La to LA only, and called it an error."""
    samples = np.array([[[0, 0], [64, 128], [200, 255], [3, 3]]], dtype=np.uint8)
    path = tiff("x.tif", samples, photometric=1, extra=1)
    if measured(path, mode).reason == "cannot be read as TIFF: unknown pixel mode":
        pytest.skip("before Pillow 13 no such file is opened")
    straight = [[0, 0], [64 * 255 // 128, 128], [200, 255], [255, 3]]
    expected = Image.fromarray(np.array([straight], dtype=np.uint8), "LA").convert(mode)
    assert counted(expected) == measured(path, mode).histogram


def test_compression_that_pillow_lacks_is_named(tmp_path, tiff, measured):
    """A valid file is not called broken."""
    webp = io.BytesIO()
    Image.new("RGB", (2, 2)).save(webp, "WEBP", lossless=True)
    samples = np.zeros((2, 2, 3), dtype=np.uint8)
    path = tiff("x.tif", samples, compression=50001, data=webp.getvalue())
    reason = measured(path).reason
    assert reason in (None, "is compressed by WEBP, which this Pillow does not decode")


@pytest.mark.parametrize(
    ("compression", "bits", "reason"),
    [
        (34887, 8, "cannot be read as TIFF: 34887 is unknown to Pillow"),
        (1, 10, "cannot be read as TIFF: unknown pixel mode"),
    ],
    ids=["LERC", "10 bits"],
)
def test_what_pillow_does_not_read_is_said(tiff, measured, monkeypatch, compression, bits, reason):
    """A file of a known format is not called one of an unknown format."""
    monkeypatch.setitem(sys.modules, "rasterio", None)
    samples = np.zeros((2, 4, 1), dtype=np.uint16)
    path = tiff("x.tif", samples, compression=compression, bits=bits)
    assert reason == measured(path).reason


def test_damaged_jpeg_2000_header_is_a_failure(tmp_path, measured):
    """Wherever the file is cut off."""
    Image.fromarray(np.zeros((8, 8), dtype=np.uint16)).save(tmp_path / "x.jp2")
    data = (tmp_path / "x.jp2").read_bytes()
    for length in range(12, data.index(SIZ) + 44):
        (tmp_path / "x.jp2").write_bytes(data[:length])
        assert measured(tmp_path / "x.jp2").reason
    (tmp_path / "x.jp2").write_bytes(data[:12] + struct.pack(">I4sQ", 1, b"xxxx", 0) + data[12:])
    assert measured(tmp_path / "x.jp2").reason


@pytest.mark.parametrize("name", ["x.jp2", "x.png"])
def test_a_box_that_leads_nowhere_is_a_failure(tmp_path, measured, name):
    """Between its header and its codestream a box says that it is 0 bytes long: no end of it."""
    path = tmp_path / name
    Image.new("L", (4, 4), 7).save(path, "JPEG2000")
    whole = path.read_bytes()
    assert measured(path).reason is None
    at = whole.index(b"jp2c") - 4
    path.write_bytes(whole[:at] + struct.pack(">I4sQ", 1, b"free", 0) + whole[at:])
    assert measured(path).reason == f"is broken: its box at byte {at} cannot have 0 bytes"


@pytest.mark.skipif(not features.check("avif"), reason="needs a Pillow with AVIF")
@pytest.mark.parametrize("bits", AVIF)
def test_avif_of_10_and_12_bits_is_deep(tmp_path, measured, bits):
    """Pillow gives 8 bits of it, which is told as of other deep color."""
    path = tmp_path / "x.png"
    path.write_bytes(base64.b64decode(AVIF[bits]))
    found = measured(path)
    assert (found.reason, bool(found.deep)) == (None, bits > 8)


@pytest.mark.parametrize(
    ("name", "dtype", "options", "cause"),
    [
        ("big", "uint8", {"BIGTIFF": "YES", "ENDIANNESS": "BIG"}, "Missing dimensions"),
        ("deep", "uint32", {}, "unknown pixel mode"),
    ],
)
@pytest.mark.filterwarnings("ignore")  # it has no georeference
def test_a_good_tiff_that_pillow_cannot_read_is_called_so(
    tmp_path, measured, name, dtype, options, cause
):
    """GDAL is asked, where it is there; a TIFF that is cut off is broken for both."""
    rasterio = pytest.importorskip("rasterio")
    path = tmp_path / f"{name}.tif"
    pixels = np.arange(3 * 64 * 64).reshape(3, 64, 64).astype(dtype)
    shape = {"width": 64, "height": 64, "count": 3, "dtype": dtype}
    with rasterio.open(path, "w", driver="GTiff", **shape, **options) as file:
        file.write(pixels)
    said = f"is a whole TIFF that Pillow cannot read ({cause}); --mode bands reads it"
    assert measured(path).reason == said
    path.write_bytes(path.read_bytes()[:5000])
    assert measured(path).reason == f"cannot be read as TIFF: {cause}"
