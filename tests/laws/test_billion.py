"""Many samples that hardly differ: every digit here, none in the recipes that are pasted."""

from functools import reduce

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.estimators import two_pass, welford
from bnstat.moments import ChunkCounts, Kind, Moments, Records

PIXELS = 10**6
IMAGES = 1000
MEAN, STD = 254.5 / 255, 0.5 / 255


def digits(found, expected):
    """Return how many significant digits are right."""
    error = abs(found - expected) / expected
    return 17 if error == 0 else int(-np.log10(error))


def constant(value):
    """Return the records of one plain image of a million pixels."""
    counts = [PIXELS * (v == value) for v in range(256)]
    return Kind("L", ("L",), 255), counts


@pytest.fixture(scope="module")
def records():
    """A thousand plain images, of 254 and 255 by turns: 10⁹ samples."""
    found, accumulator = Records(), ChunkCounts()
    for row in range(IMAGES):
        accumulator.add_8_bit(row, *constant(254 + row % 2))
    for part in accumulator.moments():
        found.extend([b"%04d" % row for row in range(IMAGES)], part)
    return found


@pytest.fixture(scope="module")
def pixels():
    """As many of these images as float32 needs to fail: 1.8·10⁷ samples in [0, 1]."""
    return np.tile(np.float32([254 / 255, 255 / 255]).repeat(PIXELS), 9)


def test_merging_moments_keeps_all_digits():
    """254 and 255 by turns over 10⁹ samples, merged from a thousand images."""
    image = Moments(255, (PIXELS,), (254 * PIXELS // 2 + 255 * PIXELS // 2,), (0,))
    squares = (254**2 * PIXELS // 2 + 255**2 * PIXELS // 2,)
    image = Moments(255, image.n, image.sum, squares)
    total = reduce(Moments.__add__, [image] * IMAGES)

    assert total.n == (10**9,)
    assert digits(total.mean()[0], MEAN) >= 15
    assert digits(total.var()[0] ** 0.5, STD) >= 15


@pytest.mark.parametrize("estimator", [two_pass, welford])
def test_estimators_keep_twelve_digits(records, estimator):
    """So do the exact sums and the streaming update, where each image is plain."""
    estimate = estimator(records)

    assert set(records.count) == {10**9}
    assert digits(estimate.mean[0], MEAN) >= 12
    assert digits(estimate.std[0], STD) >= 12


def test_summing_in_float32_fails(pixels):
    """A running sum sticks at 2²⁴, where the next sample is less than half a unit."""
    total = np.add.accumulate(pixels, dtype=np.float32)[-1]

    assert total == 2**24
    assert total / len(pixels) < 0.95 < MEAN


def test_mean_of_squares_in_float32_fails(pixels):
    """E[x²] − E[x]² is a difference of numbers near 1, and float32 has seven digits of them."""
    of_each = [(image.mean(), (image * image).mean()) for image in pixels.reshape(-1, PIXELS)]
    mean, square = np.mean(of_each, axis=0, dtype=np.float32)
    var = float(square - mean * mean)

    assert digits(float(mean), MEAN) >= 6
    assert abs(var / STD**2 - 1) > 0.001  # 3.8e-6 is 64 units in the last place, at best


def test_averaging_stds_fails(pixels):
    """Plain images have no spread of their own; the set has."""
    stds = [image.astype(np.float64).std() for image in pixels.reshape(-1, PIXELS)]

    assert np.mean(stds) < 1e-12 < STD


def test_all_of_these_are_right_in_float64(pixels):
    """It is the recipes that fail, not the data."""
    wide = pixels[: 2 * PIXELS].astype(np.float64)

    assert wide.std() == pytest.approx(STD, rel=1e-4)
    assert wide.mean() == pytest.approx(MEAN, rel=1e-7)


SIDE = 1000
PLAIN = {
    "8 bits": np.full((SIDE, SIDE), 201, dtype=np.uint8),
    "16 bits": np.full((SIDE, SIDE), 43_211, dtype=np.uint16),
    "float": np.full((SIDE, SIDE), 0.1, dtype=np.float32),
}


@pytest.mark.parametrize("plain", PLAIN.values(), ids=PLAIN)
def test_a_million_equal_pixels_have_no_spread(tmp_path, plain):
    """The std of a plain image is 0, and not merely small, by every method."""
    Image.fromarray(plain).save(tmp_path / "plain.tif")
    stats = bnstat.compute(tmp_path, workers=1)

    assert stats.exact.std == (0.0, 0.0, 0.0)
    assert stats.methods["welford"].std == (0.0, 0.0, 0.0)
    assert stats.conventions["mean_of_image_stds"] == (0.0, 0.0, 0.0)


def test_the_recipe_gives_plain_images_spread():
    """In float32, E[x²] − E[x]² of most plain images is no zero, and of some is below it."""
    of_each = [_recipe(np.full(PIXELS // 10, v / 255, dtype=np.float32)) for v in range(1, 256)]

    assert sum(var != 0.0 for var in of_each) > 100
    assert min(of_each) < 0.0


def _recipe(x):
    return float((x * x).mean() - x.mean() ** 2)
