"""The exact mean and variance, against fractions and numpy."""

from fractions import Fraction

import numpy as np
import pytest

from bnstat.estimators import two_pass
from bnstat.moments import Records


def exact(values):
    """Return mean and population variance of fractions, each as the nearest float."""
    mean = sum(values) / len(values)
    return float(mean), float(sum((x - mean) ** 2 for x in values) / len(values))


def in_unit(samples):
    """Return a channel's samples in [0, 1] as fractions."""
    scale = {"u1": 255, "u2": 65535, "f8": 1}[samples.dtype.str[1:]]
    return [Fraction(x) / scale for x in samples.tolist()]


def pooled(images, channel):
    """Return all samples of a channel as fractions."""
    return [x for image in images for x in in_unit(image[channel])]


def test_8_bit_images_are_exact(records_of, crops):
    """Every digit is that of the fractions' two-pass formula, images of any size."""
    estimate = two_pass(records_of(crops))
    expected = [exact(pooled(crops, channel)) for channel in range(3)]

    assert list(zip(estimate.mean, estimate.var, strict=True)) == expected


def test_depths_mixed_are_exact(records_of):
    """8- and 16-bit images pool exactly."""
    rng = np.random.default_rng(9)
    images = [rng.integers(0, 256, (1, 50)).astype(np.uint8) for _ in range(3)]
    images += [rng.integers(0, 65536, (1, 70)).astype(np.uint16) for _ in range(3)]
    estimate = two_pass(records_of(images))

    assert (estimate.mean[0], estimate.var[0]) == exact(pooled(images, 0))


def test_images_are_those_of_numpy(records_of, frames):
    """Mean, variance and std are numpy's of all pixels, in float64."""
    pixels = frames / 255
    estimate = two_pass(records_of(frames))

    assert estimate.mean == pytest.approx(pixels.mean(axis=(0, 2, 3)), rel=1e-13)
    assert estimate.var == pytest.approx(pixels.var(axis=(0, 2, 3)), rel=1e-13)
    assert estimate.std == pytest.approx(pixels.std(axis=(0, 2, 3)), rel=1e-13)


def test_floats_are_those_of_a_second_read(records_of):
    """For float images, passes over the moments equal two literal passes over the samples."""
    rng = np.random.default_rng(10)
    images = [rng.normal(rng.normal(0.4, 1.0), 0.2, (2, n)) for n in (1, 7, 300, 2000)]
    estimate = two_pass(records_of(images))
    expected = [exact(pooled(images, channel)) for channel in range(2)]

    assert estimate.mean == pytest.approx([mean for mean, _ in expected], rel=1e-14)
    assert estimate.var == pytest.approx([var for _, var in expected], rel=1e-14)


def test_floats_beside_integers_are_taken_in_the_unit(records_of):
    """A float run divides integer samples by their scale; float samples are as they are."""
    images = [
        np.array([[0, 51, 255]], dtype=np.uint8),
        np.array([[13107, 65535]], dtype=np.uint16),
        np.array([[-1.5, 0.25]]),
    ]
    estimate = two_pass(records_of(images))
    mean, var = exact(pooled(images, 0))

    assert (estimate.mean[0], estimate.var[0]) == pytest.approx((mean, var), rel=1e-14)


def test_one_pixel_has_its_value_and_no_spread(records_of):
    """One image of one pixel is a result."""
    estimate = two_pass(records_of([np.array([[51], [0], [255]], dtype=np.uint8)]))

    assert (estimate.mean, estimate.var) == ((0.2, 0.0, 1.0), (0.0, 0.0, 0.0))


def test_the_recipe_fails_on_the_same_data(records_of):
    """E[x²] − E[x]² in float32 has no right digit, where the exact variance has all."""
    image = np.full((1, 1_000_000), 65534, dtype=np.uint16)
    image[0, ::2] = 65535
    x = (image[0] / 65535).astype(np.float32)
    recipe = float((x * x).mean() - x.mean() ** 2)
    [var] = two_pass(records_of([image])).var

    assert var == 0.25 / 65535**2
    assert abs(recipe - var) >= var


def test_averaged_stds_miss_what_sets_images_apart(records_of):
    """The mean of the images' stds is 0 for plain images, whose pooled std is not."""
    images = [np.full((1, 9), value, dtype=np.uint8) for value in (0, 255)]
    std_of_each = [two_pass(records_of([image])).std[0] for image in images]

    assert std_of_each == [0.0, 0.0]
    assert two_pass(records_of(images)).std == (0.5,)


def test_integers_are_taken_from_the_exact_sums_alone(records_of, crops):
    """The float columns, which `welford` goes by, have no part in the exact result."""

    class NoColumns(Records):
        def column(self, channel):
            raise AssertionError("the exact result asked for floats")

    assert two_pass(records_of(crops, into=NoColumns())) == two_pass(records_of(crops))
