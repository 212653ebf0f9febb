"""Which samples count, against numpy's masked arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bnstat.decode.masks import Nodata, SampleMask
from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.selection import Conditions, MaskRule

FEW = st.sampled_from([0, 1, 7, 254, 255])


def image_of(mode, seed, shape=(5, 7)):
    """Return an image of a mode whose samples are of few values, so that some are equal."""
    rng = np.random.default_rng(seed)
    values = rng.choice([0, 1, 7, 255], (*shape, max(1, len(Image.getmodebands(mode) * "x"))))
    pixels = values.astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode)


def counted(selection, image, mode="RGB", labels=None):
    """Return the mask as booleans of shape (planes, H, W); all true where there is none."""
    found = selection.of(image, mode, labels)
    if found.mask is None:
        return np.ones((1, image.height, image.width), dtype=bool)
    return found.mask.array()


@given(seed=st.integers(0, 99), mode=st.sampled_from(["RGBA", "LA"]))
def test_alpha_zero_does_not_count(seed, mode):
    """As masked_equal of the alpha band; other alphas count whole."""
    image = image_of(mode, seed)
    alpha = np.asarray(image)[..., -1]
    expected = ~np.ma.getmaskarray(np.ma.masked_equal(alpha, 0))
    assert (expected == counted(Conditions("exclude"), image)).all()
    assert (alpha == 0).any() == Conditions().of(image, "RGB").transparent


def saved(tmp_path, image, name, **options):
    """Return an image as it is read again from a file."""
    image.save(tmp_path / name, **options)
    with Image.open(tmp_path / name) as opened:
        opened.load()
        return opened


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_palette_transparency(tmp_path, suffix):
    """One index that PNG's tRNS or GIF declares transparent."""
    indices = np.arange(12, dtype=np.uint8).reshape(3, 4) % 4
    image = Image.fromarray(indices, "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    opened = saved(tmp_path, image, f"a.{suffix}", transparency=2)
    assert (np.asarray(opened.convert("RGBA"))[..., 3] > 0).tolist() == counted(
        Conditions("exclude"), opened
    )[0].tolist()
    assert 3 == (~counted(Conditions("exclude"), opened)).sum()


def test_palette_with_a_table_of_alphas(tmp_path):
    """Indices behind the table's end are opaque."""
    indices = np.arange(12, dtype=np.uint8).reshape(3, 4) % 4
    image = Image.fromarray(indices, "P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255])
    opened = saved(tmp_path, image, "a.png", transparency=b"\x00\x80")
    assert (indices != 0).tolist() == counted(Conditions("exclude"), opened)[0].tolist()


@pytest.mark.parametrize("mode", ["L", "I;16", "RGB"])
def test_color_that_png_declares_transparent(tmp_path, mode):
    """tRNS of a gray, a 16-bit gray and an RGB image: for alpha, and for --nodata auto."""
    dtype = np.uint16 if mode == "I;16" else np.uint8
    shape = (3, 4, 3) if mode == "RGB" else (3, 4)
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    key = tuple(pixels[1, 1].tolist()) if mode == "RGB" else int(pixels[1, 1])
    opened = saved(tmp_path, Image.fromarray(pixels), "a.png", transparency=key)
    expected = np.ones((3, 4), dtype=bool)
    expected[1, 1] = False
    assert expected.tolist() == counted(Conditions("exclude"), opened)[0].tolist()
    auto = counted(Conditions(nodata=Nodata.read("auto")), opened)
    assert expected.tolist() == auto.all(axis=0).tolist()


@given(seed=st.integers(0, 99), value=FEW, mode=st.sampled_from(["L", "RGB", "RGBA", "LA"]))
def test_scalar_nodata_leaves_out_samples(seed, value, mode):
    """Each channel on its own, and never alpha, as masked_equal of the colours."""
    image = image_of(mode, seed)
    pixels = np.asarray(image.convert("RGB"))
    expected = np.moveaxis(~np.ma.getmaskarray(np.ma.masked_equal(pixels, value)), -1, 0)
    found = counted(Conditions(nodata=Nodata.read(str(value))), image)
    assert (expected == found).all()


@given(seed=st.integers(0, 99), values=st.tuples(FEW, FEW, FEW))
def test_tuple_nodata_leaves_out_pixels(seed, values):
    """Those that equal the whole tuple, in all channels."""
    image = image_of("RGB", seed)
    expected = ~(np.asarray(image) == np.array(values)).all(axis=-1)
    text = ",".join(map(str, values))
    assert (expected == counted(Conditions(nodata=Nodata.read(text)), image)).all()


def test_tuple_of_grays_fits_gray_images():
    """A gray image has that value in every channel; another tuple does not fit it."""
    image = Image.fromarray(np.array([[0, 7]], dtype=np.uint8))
    assert [[[False, True]]] == counted(Conditions(nodata=Nodata.read("0,0,0")), image).tolist()
    with pytest.raises(UnmeasurableError, match="has 1 channel, and --nodata names 3"):
        Conditions(nodata=Nodata.read("0,0,7")).of(image, "RGB")


@pytest.mark.parametrize(("text", "left"), [("nan", 4), ("-9999", 5), ("0.1", 5), ("7", 6)])
def test_nodata_of_floats(text, left):
    """NaN is a value; others are compared as float32, in which they are stored."""
    samples = np.array([[np.nan, 1.0, 0.1], [-9999.0, np.nan, 2.0]], dtype=np.float32)
    found = counted(Conditions(nodata=Nodata.read(text)), Image.fromarray(samples))
    assert left == found.sum() * 6 // found.size


def test_nodata_of_16_bit_gray():
    """In stored units, not clipped to 8 bits."""
    image = Image.fromarray(np.array([[0, 40000], [255, 65535]], dtype=np.uint16))
    found = counted(Conditions(nodata=Nodata.read("40000")), image)
    assert [[[True, False], [True, True]]] == found.tolist()


@pytest.mark.parametrize("declared", ["40000", "-9999", "nan", "no number"])
def test_gdal_nodata(tmp_path, declared):
    """The TIFF tag 42113 is text; a value outside the samples' range leaves nothing out."""
    image = Image.fromarray(np.array([[0, 40000]], dtype=np.uint16))
    opened = saved(tmp_path, image, "a.tif", tiffinfo={42113: declared})
    expected = [[True, declared != "40000"]]
    assert expected == counted(Conditions(nodata=Nodata.read("auto")), opened)[0].tolist()


def test_a_mode_that_mixes_channels_keeps_what_any_of_them_has():
    """As gray, a sample is left out where all of its colours are."""
    image = Image.fromarray(np.array([[[0, 0, 0], [0, 5, 5], [5, 5, 5]]], dtype=np.uint8))
    found = counted(Conditions(nodata=Nodata.read("0")), image, mode="L")
    assert [[[False, True, True]]] == found.tolist()


LABELS = np.array([[0, 1, 2], [255, 1, 0]], dtype=np.uint8)


@pytest.mark.parametrize(
    ("values", "ignore", "expected"),
    [
        (None, None, LABELS != 0),
        (None, (255,), LABELS != 255),
        ((1, 2), None, np.isin(LABELS, (1, 2))),
        ((1, 2, 255), (255,), np.isin(LABELS, (1, 2))),
    ],
)
@pytest.mark.parametrize("mode", ["L", "P", "I;16", "I"])
def test_labels(values, ignore, expected, mode):
    """With neither option all but 0; with ignore alone all but these; palettes as indices."""
    labels = Image.fromarray(LABELS.astype({"I;16": np.uint16, "I": np.int32}.get(mode, np.uint8)))
    if mode == "P":
        labels.putpalette([9, 9, 9] * 256)
    selection = Conditions(masks=MaskRule(values, ignore))
    found = counted(selection, Image.new("RGB", (3, 2)), labels=labels)
    assert expected.tolist() == found[0].tolist()


def test_bilevel_labels():
    """A mask of 1 bit selects its white pixels."""
    labels = Image.fromarray(np.array([[True, False]]))
    found = counted(Conditions(masks=MaskRule()), Image.new("RGB", (2, 1)), labels=labels)
    assert [[[True, False]]] == found.tolist()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (Image.new("L", (3, 3)), "its mask has 3 × 3 pixels, the image 3 × 2"),
        (Image.new("RGB", (3, 2)), "its mask is of mode RGB; a mask has one integer a pixel"),
    ],
)
def test_labels_that_do_not_fit(labels, words):
    """Another size, or colours, are a failure."""
    with pytest.raises(UnmeasurableError, match=words):
        Conditions(masks=MaskRule()).of(Image.new("RGB", (3, 2)), "RGB", labels)


@given(seed=st.integers(0, 99), value=FEW)
def test_conditions_add_up(seed, value):
    """A sample counts if alpha, nodata and labels all let it."""
    image = image_of("RGBA", seed)
    labels = image_of("L", seed + 1)
    pixels = np.asarray(image)
    selection = Conditions("exclude", Nodata.read(str(value)), MaskRule())
    expected = (pixels[..., :3] != value) & (pixels[..., 3:] > 0)
    expected &= (np.asarray(labels) > 0)[..., np.newaxis]
    assert (np.moveaxis(expected, -1, 0) == counted(selection, image, labels=labels)).all()


def test_over_a_color():
    """Transparent pixels show it, opaque ones do not; a gray image over gray stays gray."""
    pixels = np.array([[[9, 9, 9, 0], [9, 9, 9, 255]]], dtype=np.uint8)
    image = Conditions("over:#ff0000").of(Image.fromarray(pixels), "RGB").image
    assert ("RGB", [[[255, 0, 0], [9, 9, 9]]]) == (image.mode, np.asarray(image).tolist())
    gray = Conditions("over:white").of(Image.fromarray(pixels[..., 2:]), "L").image
    assert ("L", [[255, 9]]) == (gray.mode, np.asarray(gray).tolist())
    plain = Image.new("RGB", (2, 2))
    assert plain is Conditions("over:white").of(plain, "RGB").image


def test_mask_counts_what_it_leaves_out():
    """For each channel; a plane for all is used for each."""
    one = SampleMask.of_array(np.array([[True, False]]))
    three = SampleMask.of_array(np.array([[[True, True]], [[False, True]], [[False, False]]]))
    assert (1, 1, 1) == one.excluded_counts(3)
    assert (0, 1, 2) == three.excluded_counts(3)
    assert (1, 2, 2) == (one & three).excluded_counts(3)
    assert (0,) == three.of_any_sample().excluded_counts(1)
