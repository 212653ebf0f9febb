"""Hashes of small copies, held against imagehash; what small copies are."""

import numpy as np
import pytest
from PIL import Image

from bnstat.decode.perceptual import SmallCopy, boxed, hash_of, hashed_pixels


def images():
    rng = np.random.default_rng(29)
    for size, mode in (((240, 130), "RGB"), ((33, 32), "L"), ((500, 700), "RGBA"), ((64, 64), "P")):
        pixels = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        yield Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).convert(mode)


@pytest.mark.parametrize("image", list(images()), ids=lambda image: image.mode)
def test_the_hash_is_that_of_imagehash(image):
    """dHash of the same pixels, bit by bit."""
    imagehash = pytest.importorskip("imagehash")
    small = boxed(image)
    assert f"{hash_of(small):016x}" == str(imagehash.dhash(hashed_pixels(small)))


def test_a_copy_is_the_mean_of_boxes():
    """Also where boxes have edges within pixels: what is at a border counts by its part."""
    pixels = np.zeros((640, 960), np.uint8)
    pixels[:, 480:] = 200
    for width in (960, 959, 900):
        gray = np.asarray(boxed(Image.fromarray(pixels[:, :width])))
        assert abs(gray.mean() - pixels[:, :width].mean()) < 0.6


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
