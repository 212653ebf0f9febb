"""Hashes of small copies, held against imagehash; what small copies are."""

import numpy as np
import pytest
from PIL import Image

from bnstat.decode.perceptual import SmallCopy, boxed, hashes_of


def images():
    rng = np.random.default_rng(29)
    for size, mode in (((240, 130), "RGB"), ((33, 32), "L"), ((500, 700), "RGBA"), ((64, 64), "P")):
        pixels = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        yield Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).convert(mode)


def cells(gray, columns, rows, box):
    """Return the means of gray pixels with Gaussian weights around each cell's middle, in a loop.

    box: left, top, right and bottom, in pixels.
    """
    left, top, right, bottom = box
    width, height = (right - left) / columns, (bottom - top) / rows
    y, x = np.mgrid[0.5:64, 0.5:64]
    found = np.empty((rows, columns))
    for row in range(rows):
        for column in range(columns):
            across = (x - left - (column + 0.5) * width) / width
            down = (y - top - (row + 0.5) * height) / height
            weights = np.exp(-2 * (across**2 + down**2))
            found[row, column] = (weights * gray).sum() / weights.sum()
    return found


def without_light(gray, box):
    """Return cells whose differences along rows no quadratic surface explains, by least squares."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    every = [gray, x, y, x * x, x * y, y * y]
    differences, *light = (np.diff(cells(each, 9, 8, box), axis=1).ravel() for each in every)
    slope, *_ = np.linalg.lstsq(np.stack(light, axis=1), differences, rcond=None)
    steeper = (differences - np.stack(light, axis=1) @ slope).reshape(8, 8)
    return np.cumsum(np.pad(steeper, ((0, 0), (1, 0))), axis=1)


@pytest.mark.parametrize("image", list(images()), ids=lambda image: image.mode)
def test_hashes_are_those_of_imagehash(image):
    """dHash of cells less their light, of the whole and of each corner.

    imagehash rounds to 8 bits: cells that differ by less than a rounding are left out.
    """
    imagehash = pytest.importorskip("imagehash")
    small = boxed(image)
    gray = np.asarray(small.convert("L"), float)
    cut = 3.2
    corners = [(x, y, x + 64 - cut, y + 64 - cut) for y in (0, cut) for x in (0, cut)]
    for found, box in zip(hashes_of(small).tolist(), [(0, 0, 64, 64), *corners], strict=True):
        flat = without_light(gray, box)
        scale = 255 / np.ptp(flat)
        pixels = Image.fromarray(np.rint((flat - flat.min()) * scale).astype(np.uint8))
        clear = np.abs(np.diff(flat, axis=1)) * scale > 1
        assert clear.sum() > 40
        bits = np.array([bit == "1" for bit in f"{found:064b}"]).reshape(8, 8)
        expected = imagehash.dhash(pixels).hash
        assert (bits == expected)[clear].all()


def test_light_alone_has_no_hash():
    """Nor have flat images: no cell is steeper than the light."""
    ramp = np.add.outer(np.arange(64), 2 * np.arange(64)).astype(np.uint8)
    for gray in (ramp, np.full((64, 64), 7, np.uint8)):
        assert [f"{each:b}".count("1") for each in hashes_of(Image.fromarray(gray)).tolist()] == [
            0
        ] * 5


def test_a_corner_has_nearly_the_hash_of_a_crop():
    """Of what is left where 5 % were cut off at the right and at the bottom; the whole has not."""
    rng = np.random.default_rng(3)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12), dtype=np.uint8))
    whole = coarse.resize((640, 640), Image.Resampling.BICUBIC)
    crop = hashes_of(boxed(whole.crop((0, 0, 608, 608))))[0]
    plain, corner, *_ = (int(each ^ crop).bit_count() for each in hashes_of(boxed(whole)))
    assert corner <= 2 < plain


def test_a_copy_is_the_mean_of_boxes():
    """Also where boxes have edges within pixels: what is at a border counts by its part."""
    pixels = np.zeros((640, 960), np.uint8)
    pixels[:, 480:] = 200
    for width in (960, 959, 900):
        gray = np.asarray(boxed(Image.fromarray(pixels[:, :width])))
        assert abs(gray.mean() - pixels[:, :width].mean()) < 0.6


def test_a_copy_of_a_large_image_is_nearly_that_of_all_its_pixels():
    """Of each box 8 by 8 pixels are picked: it is off by some levels, its hash by few bits."""
    rng = np.random.default_rng(4)
    coarse = Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((2000, 1600), Image.Resampling.BICUBIC), np.int16)
    pixels = (smooth + rng.normal(0, 20, smooth.shape)).clip(0, 255).astype(np.uint8)
    picked = boxed(Image.fromarray(pixels))
    every = Image.fromarray(pixels).resize((64, 64), Image.Resampling.BOX)
    difference = np.asarray(picked, float) - np.asarray(every)
    assert np.sqrt(np.mean(difference**2)) < 4
    assert int(hashes_of(picked)[0] ^ hashes_of(every)[0]).bit_count() <= 2


def test_samples_of_no_known_scale_are_stretched():
    """Floats, 32-bit integers and arrays of any shape, from the least to the largest."""
    ramp = np.linspace(-3, 8, 64 * 64).reshape(64, 64)
    for image in (
        Image.fromarray(ramp.astype(np.float32)),
        Image.fromarray((1e6 * ramp).astype(np.int32)),
        np.stack([ramp] * 3, axis=2),
        np.where(ramp < -2.99, np.nan, ramp),
    ):
        gray = SmallCopy.of(image).gray
        assert gray.min() <= 70 and gray.max() >= 254
        assert (np.diff(gray.astype(int), axis=0) >= 0).mean() > 0.9


def test_a_copy_knows_size_mode_and_tint():
    """A red image has more red than gray has."""
    copy = SmallCopy.of(Image.new("RGB", (30, 20), "red"))
    assert copy[:3] == (30, 20, "RGB")
    assert copy.tint[1] > 200 > copy.tint[0]
