"""Samples: what Pillow and torchvision give for 8 bits, and exact figures for deeper ones."""

import os
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets.folder import default_loader

from bnstat.measure.found import View
from bnstat.measure.measure import Measure
from bnstat.moments import Records
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import file_reference


@pytest.fixture
def transparent(tmp_path):
    """Palette images with transparency as one index, and as one alpha for each colour."""

    def draw(name, transparency):
        rng = np.random.default_rng(5)
        image = Image.fromarray(rng.integers(0, 8, (9, 11), dtype=np.uint8)).convert("P")
        image.putpalette(rng.integers(0, 256, 24, dtype=np.uint8).tobytes())
        image.save(tmp_path / name, transparency=transparency)
        return tmp_path / name

    return draw


EIGHT_BITS = {
    "RGB": ("x.png", {}),
    "L": ("x.png", {}),
    "LA": ("x.png", {}),
    "RGBA": ("x.png", {}),
    "P": ("x.bmp", {}),
    "PA": ("x.tif", {}),
    "1": ("x.png", {}),
    "CMYK": ("x.jpg", {"quality": 95}),
    "YCbCr": ("x.jpg", {"quality": 95}),
    "RGBX": ("x.tif", {}),
}


@pytest.fixture(params=EIGHT_BITS)
def eight_bits(request, drawn):
    """A file for each of Pillow's 8-bit modes that files have."""
    name, options = EIGHT_BITS[request.param]
    if request.param == "1":
        rng = np.random.default_rng(3)
        path = drawn(name, "L")
        Image.fromarray(rng.integers(0, 2, (17, 23), dtype=np.uint8) == 1).save(path)
        return path
    return drawn(name, request.param, **options)


def test_rgb_is_what_torchvision_loads(eight_bits, measured, counted):
    """RGB samples are those of ImageFolder's loader, for every 8-bit mode."""
    assert measured(eight_bits).histogram == counted(default_loader(os.fspath(eight_bits)))


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_other_modes_are_what_pillow_converts_to(eight_bits, measured, counted, mode):
    """L and RGBA samples are those of Pillow's conversion."""
    with Image.open(eight_bits) as image:
        assert measured(eight_bits, mode).histogram == counted(image.convert(mode))


@pytest.mark.filterwarnings("ignore:Palette images with Transparency")
@pytest.mark.parametrize("transparency", [3, b"\x00\x80\xff\x10"], ids=["index", "alphas"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_transparent_palettes(transparent, measured, counted, transparency, mode):
    """Palettes with transparency are expanded as Pillow, and thereby ImageFolder, does."""
    path = transparent("p.png", transparency)
    with Image.open(path) as image:
        assert measured(path, mode).histogram == counted(image.convert(mode))
    if mode == "RGB":
        assert measured(path).histogram == counted(default_loader(os.fspath(path)))


@pytest.mark.parametrize("name", ["x.bmp", "x.ppm", "x.tif", "x.webp", "x.png", "x.jpg", "x.JPEG"])
def test_formats(drawn, measured, counted, name):
    """Each of the formats that ImageFolder knows is measured as its loader reads it."""
    path = drawn(name, "RGB")
    assert measured(path).histogram == counted(default_loader(os.fspath(path)))


def test_only_the_first_frame_counts(tmp_path, measured):
    """A file of several frames is measured by its first."""
    frames = [Image.new("L", (3, 2), value) for value in (10, 200)]
    frames[0].save(tmp_path / "x.tif", save_all=True, append_images=frames[1:])
    assert measured(tmp_path / "x.tif", "L").first.tolist() == [60]


def test_sums_are_those_of_the_samples(drawn, measured):
    """n, Σx and Σx² are what numpy adds up."""
    path = drawn("x.png", "RGBA")
    pixels = np.asarray(Image.open(path), dtype=np.int64).reshape(-1, 4)
    found = measured(path, "RGBA")
    assert (found.n, found.kind) == (23 * 17, ("RGBA", ("R", "G", "B", "A"), 255))
    assert found.first.tolist() == pixels.sum(axis=0).tolist()
    assert found.second.tolist() == (pixels**2).sum(axis=0).tolist()


@pytest.mark.parametrize(
    ("mode", "name", "own", "channels"),
    [
        ("RGB", "x.png", "RGB", "RGB"),
        ("L", "x.png", "L", "L"),
        ("LA", "x.png", "LA", "LA"),
        ("RGBA", "x.png", "RGBA", "RGBA"),
        ("CMYK", "x.tif", "CMYK", "CMYK"),
        ("P", "x.png", "RGB", "RGB"),
        ("PA", "x.tif", "RGBA", "RGBA"),
    ],
)
def test_native_is_the_images_own_mode(drawn, measured, counted, mode, name, own, channels):
    """Native keeps the mode, with palettes expanded to the colours they stand for."""
    path = drawn(name, mode)
    found = measured(path, "native")
    assert found.kind == (own, tuple(channels), 255)
    with Image.open(path) as image:
        assert found.histogram == counted(image.convert(own) if own != mode else image)


def test_native_palette_with_transparency(transparent, measured):
    """A palette with transparency stands for colours with alpha."""
    assert measured(transparent("p.png", 3), "native").kind.mode == "RGBA"


def test_native_bits_are_gray(tmp_path, measured):
    """1-bit images are gray of 0 and 255."""
    Image.new("1", (4, 2), 1).save(tmp_path / "x.png")
    found = measured(tmp_path / "x.png", "native")
    assert (found.kind, found.first.tolist()) == (("L", ("L",), 255), [8 * 255])


@pytest.fixture
def settled(tmp_path):
    """Measure images of given modes natively; return mode and failures of the set."""

    def settle(modes):
        view = View(Records())
        for i, mode in enumerate(modes):
            key = f"{i}.png".encode()
            path = os.fsencode(tmp_path / f"{i}.png")
            Image.new(mode, (2, 2)).save(os.fsdecode(path))
            image = file_reference(key, path)
            view.add([key], Measure("native", Limits(100))([image])[0])
        view.keep_own_mode()
        return view.records.modes, list(view.failures)

    return settle


def test_most_common_mode_wins(settled):
    """The set's own mode is that of most images; each other image is a failure that says so."""
    modes, failures = settled(["RGB", "L", "RGB", "RGBA", "L", "RGB"])
    assert modes == {"RGB": 3}
    assert failures == [
        (b"1.png", "is of mode L; the set's own is RGB"),
        (b"3.png", "is of mode RGBA; the set's own is RGB"),
        (b"4.png", "is of mode L; the set's own is RGB"),
    ]


def test_tie_goes_by_name_not_by_chance(settled):
    """Of modes equally common the first by name is taken, in whatever order the images come."""
    assert settled(["RGB", "L"])[0] == settled(["L", "RGB"])[0] == {"L": 1}


SIXTEEN = np.array([[0, 1, 255, 256], [32767, 32768, 65534, 65535], [65535, 65535, 7, 4095]])


def write_pgm(path, samples):
    head = b"P5 %d %d 65535\n" % samples.shape[::-1]
    path.write_bytes(head + samples.astype(">u2").tobytes())
    return path


@pytest.fixture(params=["png", "tiff, little-endian", "tiff, big-endian", "tiff by Pillow", "pgm"])
def sixteen(request, tmp_path, png, tiff):
    """The same 16-bit gray samples in each format."""
    samples = SIXTEEN.astype(np.uint16)
    match request.param:
        case "png":
            return png("x.png", samples[..., np.newaxis])
        case "pgm":
            return write_pgm(tmp_path / "x.pgm", samples)
        case "tiff by Pillow":
            Image.fromarray(samples).save(tmp_path / "x.tif")
            return tmp_path / "x.tif"
    order = "<" if "little" in request.param else ">"
    return tiff("x.tif", samples[..., np.newaxis], order)


def test_sixteen_bit_gray_is_exact(sixteen, measured):
    """16-bit gray is never clipped: n, Σx and Σx² are numpy's, at a scale of 65535."""
    found = measured(sixteen, "L")
    assert (found.n, found.kind, found.deep) == (12, ("L", ("L",), 65535), True)
    assert found.first.tolist() == [SIXTEEN.sum()]
    assert found.second.tolist() == [(SIXTEEN**2).sum()]


@pytest.mark.parametrize(("mode", "grays", "alphas"), [("RGB", 3, 0), ("RGBA", 3, 1), ("L", 1, 0)])
def test_sixteen_bit_gray_in_colour(sixteen, measured, mode, grays, alphas):
    """In a mode with colours each is the gray, and alpha is opaque: 65535."""
    found = measured(sixteen, mode)
    assert found.kind.mode == mode
    assert found.first.tolist() == [SIXTEEN.sum()] * grays + [12 * 65535] * alphas
    assert found.second.tolist() == [(SIXTEEN**2).sum()] * grays + [12 * 65535**2] * alphas


def test_sixteen_bit_gray_is_native(sixteen, measured):
    """All 16-bit gray files share one native mode, whatever their byte order."""
    assert measured(sixteen, "native").kind == ("I;16", ("L",), 65535)


def test_large_sixteen_bit_image_is_counted_in_strips(tmp_path, measured):
    """An image of more samples than a strip is counted whole, also where strips do not fit."""
    samples = np.random.default_rng(1).integers(0, 65536, (1201, 1999), dtype=np.uint16)
    Image.fromarray(samples).save(tmp_path / "x.tif")
    found = measured(tmp_path / "x.tif", "L")
    wide = samples.astype(object)
    assert (found.n, found.first[0], found.second[0]) == (wide.size, wide.sum(), (wide**2).sum())


@pytest.mark.parametrize("maximum", [1023, 300])
def test_pgm_of_another_maximum_is_scaled(tmp_path, measured, maximum):
    """A PGM file says its own largest value; its samples are that share of 65535."""
    samples = np.array([[0, 1, 150, maximum]])
    path = tmp_path / "x.pgm"
    path.write_bytes(b"P5 4 1 %d\n" % maximum + samples.astype(">u2").tobytes())
    expected = sum(round(Fraction(int(v) * 65535, maximum)) for v in samples[0])
    assert measured(path, "L").first.tolist() == [expected]


FLOATS = np.random.default_rng(2).normal(1e3, 3e-2, (40, 30)).astype(np.float32)


@pytest.mark.parametrize(("mode", "grays", "alphas"), [("L", 1, 0), ("RGB", 3, 0), ("RGBA", 3, 1)])
def test_float_tiff_stays_float(tmp_path, measured, mode, grays, alphas):
    """Float samples are taken as they are; mean and M2 are numpy's in float64."""
    Image.fromarray(FLOATS).save(tmp_path / "x.tif")
    found, wide = measured(tmp_path / "x.tif", mode), FLOATS.astype(np.float64)
    assert (found.n, found.kind.scale, found.histogram, found.deep) == (1200, 1, None, True)
    means, m2s = [wide.mean()] * grays, [((wide - wide.mean()) ** 2).sum()] * grays
    np.testing.assert_allclose(found.first, means + [1.0] * alphas, rtol=1e-15)
    np.testing.assert_allclose(found.second, m2s + [0.0] * alphas, rtol=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_float_samples_must_be_finite(tmp_path, measured, value):
    """One sample that is no number makes the image a failure."""
    samples = FLOATS.copy()
    samples[3, 5] = value
    Image.fromarray(samples).save(tmp_path / "x.tif")
    said = "has NaN or infinite samples; --nodata nan leaves out NaN"
    assert measured(tmp_path / "x.tif").reason == said


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "native"])
def test_32_bit_integers_have_no_scale(tmp_path, measured, mode):
    """Mode I is a failure that says why."""
    Image.fromarray(np.arange(6, dtype=np.int32).reshape(2, 3)).save(tmp_path / "x.tif")
    reason = "is of mode I: 32-bit integers have no known scale; save as 16-bit, or add --max-value"
    assert measured(tmp_path / "x.tif", mode).reason == reason


def write_ppm(path, samples):
    head = b"P6 %d %d 65535\n" % samples.shape[1::-1]
    path.write_bytes(head + samples.astype(">u2").tobytes())
    return path


@pytest.mark.parametrize("kind", ["png", "tiff, little-endian", "tiff, big-endian", "ppm"])
def test_sixteen_bit_colour_is_said_to_be_deeper(tmp_path, png, tiff, measured, counted, kind):
    """16-bit colour is measured at the 8 bits that Pillow gives, and counted as deeper."""
    samples = np.random.default_rng(4).integers(0, 65536, (5, 7, 3), dtype=np.uint16)
    match kind:
        case "png":
            path = png("x.png", samples)
        case "ppm":
            path = write_ppm(tmp_path / "x.ppm", samples)
        case _:
            path = tiff("x.tif", samples, "<" if "little" in kind else ">")
    found = measured(path)
    assert (found.deep, found.kind.scale) == (True, 255)
    with Image.open(path) as image:
        assert found.histogram == counted(image.convert("RGB"))


@pytest.mark.parametrize("channels", [2, 4])
def test_sixteen_bit_png_with_alpha_is_said_to_be_deeper(png, measured, channels):
    """Alpha does not hide the depth."""
    samples = np.full((2, 2, channels), 40_000, dtype=np.uint16)
    assert measured(png("x.png", samples), "RGBA").deep


@pytest.mark.parametrize("mode", EIGHT_BITS)
def test_eight_bits_are_not_deeper(drawn, measured, mode):
    """No 8-bit image is counted as deeper."""
    name, options = EIGHT_BITS[mode]
    size = (24, 16)  # whole bytes in mode 1
    path = drawn(name, "L", size) if mode == "1" else drawn(name, mode, size, **options)
    assert not measured(path).deep
