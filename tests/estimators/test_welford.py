"""The streaming estimator, against numpy and against `two_pass`."""

import numpy as np
import pytest

from bnstat.estimators import two_pass, welford
from bnstat.moments import Records


def test_it_is_numpy_s_mean_and_variance(records_of, frames):
    """The population's mean and variance to 1e-12."""
    pixels = frames / 255
    estimate = welford(records_of(frames))

    assert estimate.mean == pytest.approx(pixels.mean(axis=(0, 2, 3)), rel=1e-12)
    assert estimate.var == pytest.approx(pixels.var(axis=(0, 2, 3)), rel=1e-12)


def test_images_of_unequal_sizes_weigh_by_their_samples(records_of, crops):
    """A small image does not count like a large one."""
    pixels = np.concatenate(crops, axis=1) / 255
    estimate = welford(records_of(crops))

    assert estimate.mean == pytest.approx(pixels.mean(axis=1), rel=1e-12)
    assert estimate.var == pytest.approx(pixels.var(axis=1), rel=1e-12)


@pytest.mark.parametrize("images", [1, 4095, 4096, 4097, 10_000])
def test_it_agrees_with_two_pass_to_1e_12(records_of, images):
    """However many records there are, at the seams of its blocks too."""
    rng = np.random.default_rng(images)
    light = rng.integers(0, 200, (images, 1, 1))
    records = records_of((light + rng.integers(0, 56, (images, 1, 6))).astype(np.uint8))
    exact, streamed = two_pass(records), welford(records)

    assert streamed.mean == pytest.approx(exact.mean, rel=1e-12)
    assert streamed.var == pytest.approx(exact.var, rel=1e-12)


def test_it_holds_far_from_zero(records_of):
    """A spread of 1 about 10⁷ keeps its digits, where Σx² − (Σx)²/n in float64 does not."""
    rng = np.random.default_rng(11)
    images = [1e7 + rng.integers(-1, 2, (1, 50)).astype(np.float64) for _ in range(200)]
    pixels = np.concatenate(images, axis=1)
    [var] = welford(records_of(images)).var
    expected = (pixels - 1e7).var()

    assert var == pytest.approx(expected, rel=1e-9)
    assert (pixels**2).mean() - pixels.mean() ** 2 != pytest.approx(expected, rel=1e-3)


def test_it_shares_nothing_with_two_pass(records_of, crops):
    """It never sees the exact sums, so that their agreement means something."""

    class NoSums(Records):
        def total(self):
            raise AssertionError("welford asked for the exact sums")

    assert welford(records_of(crops, into=NoSums())) == welford(records_of(crops))
