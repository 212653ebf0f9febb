"""The methods against fractions, numpy and each other; conventions; each row has an estimator."""

from fractions import Fraction

import numpy as np
import pytest

from bnstat.estimators import Schedule, batchnorm, conventions, every_method, two_pass, welford
from bnstat.estimators.methods import ESTIMATORS
from bnstat.moments import Records
from bnstat.result import METHODS


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


def test_welford_is_numpy_s_mean_and_variance(records_of, frames):
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
def test_welford_agrees_with_two_pass_to_1e_12(records_of, images):
    """However many records there are, at the seams of its blocks too."""
    rng = np.random.default_rng(images)
    light = rng.integers(0, 200, (images, 1, 1))
    records = records_of((light + rng.integers(0, 56, (images, 1, 6))).astype(np.uint8))
    exact, streamed = two_pass(records), welford(records)

    assert streamed.mean == pytest.approx(exact.mean, rel=1e-12)
    assert streamed.var == pytest.approx(exact.var, rel=1e-12)


def test_welford_holds_far_from_zero(records_of):
    """A spread of 1 about 10⁷ keeps its digits, where Σx² − (Σx)²/n in float64 does not."""
    rng = np.random.default_rng(11)
    images = [1e7 + rng.integers(-1, 2, (1, 50)).astype(np.float64) for _ in range(200)]
    pixels = np.concatenate(images, axis=1)
    [var] = welford(records_of(images)).var
    expected = (pixels - 1e7).var()

    assert var == pytest.approx(expected, rel=1e-9)
    assert (pixels**2).mean() - pixels.mean() ** 2 != pytest.approx(expected, rel=1e-3)


def test_welford_shares_nothing_with_two_pass(records_of, crops):
    """Welford never sees the exact sums, so that their agreement means something."""

    class NoSums(Records):
        def total(self):
            raise AssertionError("welford asked for the exact sums")

    assert welford(records_of(crops, into=NoSums())) == welford(records_of(crops))


def test_each_convention_is_what_its_name_says(records_of, crops):
    """Means over images of each image's own figure, an image weighing like any other."""
    pixels = [image / 255 for image in crops]
    means = np.array([image.mean(axis=1) for image in pixels])
    stds = np.array([image.std(axis=1) for image in pixels])
    found = conventions(records_of(crops))

    assert list(found) == ["mean_of_image_means", "mean_of_image_stds", "root_mean_image_variance"]
    assert found["mean_of_image_means"] == pytest.approx(means.mean(axis=0), rel=1e-12)
    assert found["mean_of_image_stds"] == pytest.approx(stds.mean(axis=0), rel=1e-12)
    assert found["root_mean_image_variance"] == pytest.approx(
        np.sqrt((stds**2).mean(axis=0)), rel=1e-12
    )


def test_an_image_of_one_pixel_has_a_std_of_0(records_of):
    """ddof is 0 within an image: one pixel is no division by zero."""
    found = conventions(records_of([np.array([[51]], dtype=np.uint8)]))

    assert found == {
        "mean_of_image_means": (0.2,),
        "mean_of_image_stds": (0.0,),
        "root_mean_image_variance": (0.0,),
    }


def test_conventions_are_plain_floats(records_of, frames):
    """They go into JSON as they are."""
    found = conventions(records_of(frames))

    assert {type(value) for values in found.values() for value in values} == {float}


def test_every_method_is_estimated(records_of, frames):
    """By its function, with the schedule where it takes one."""
    records, schedule = records_of(frames), Schedule(5)
    found, reasons = every_method(records, schedule)

    assert list(found) == list(METHODS)
    assert (found["two-pass"], found["welford"]) == (two_pass(records), welford(records))
    assert found["batchnorm"] == batchnorm(records, schedule)
    assert reasons == {}


def test_a_method_has_an_estimator():
    """A row without one is found here, not by a user."""
    assert list(METHODS) == list(ESTIMATORS)


def test_a_method_without_an_estimate_has_a_reason(records_of, frames):
    """One pixel a batch: torch raises there, and the others have their figures."""
    pixels = frames[:, :, :1, :1]
    found, reasons = every_method(records_of(pixels), Schedule(1))

    assert [name for name, estimate in found.items() if estimate is None] == ["batchnorm"]
    assert reasons == {"batchnorm": "a batch has one sample per channel, where BatchNorm2d raises"}
