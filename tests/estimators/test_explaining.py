"""Digits to recipes: what agrees, and when an agreement is called a match."""

import numpy as np
import pytest

from bnstat.estimators.explaining import BYTES, SIGNED, UNIT, MeasuredImages, explain, units_of
from bnstat.estimators.image_moments import ImageMoments
from bnstat.result.explanation import Digits

RGB = ("R", "G", "B")


@pytest.fixture
def images():
    """The moments of 300 images of 32 × 32 pixels."""
    rng = np.random.default_rng(4)
    mean = rng.uniform(0.3, 0.6, (300, 1)) + rng.uniform(-0.1, 0.1, (300, 3)) + [0.05, 0.0, -0.05]
    n = np.full((300, 3), 1024.0)
    return ImageMoments(n, mean, n * rng.uniform(0.1, 0.2, (300, 3)) ** 2)


def look(images, of, numbers, units=(UNIT, SIGNED), channels=RGB):
    return explain(of, Digits.of(numbers), [MeasuredImages(images)], units, channels)


def written(values, decimals):
    return [f"{value:.{decimals}f}" for value in values]


def mean_of_stds(images):
    return np.sqrt(images.m2 / images.n).mean(axis=0)


@pytest.mark.parametrize("decimals", [3, 4, 5, 8])
def test_the_digits_tell_the_recipe(images, decimals):
    """The mean of the images' stds is found, and not what is near to it but in the digits."""
    found = look(images, "std", written(mean_of_stds(images), decimals))
    assert "the mean of the images' stds (ddof 0)" == found.matches[0].recipe
    ddofs = [m for m in found.matches if m.recipe == "the mean of the images' stds (ddof 1)"]
    assert decimals == 3 or not ddofs  # 1/2048 of .15 is seen in four decimals


def test_a_trailing_zero_is_a_digit():
    """0.201 beside 0.1994 is 0.2010, as JSON writes it."""
    assert 1e-4 == Digits.of(["0.1994", "0.201"]).unit
    assert 1e-4 == Digits.of(["1.994e-1"]).unit
    assert 1.0 == Digits.of(["125", "1E+2"]).unit


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_any_one_order_of_channels(images, order):
    """The match says in which order the channels stand."""
    std = mean_of_stds(images)[list(order)]
    match = look(images, "std", written(std, 4)).matches[0]
    assert tuple(RGB[c] for c in order) == match.channels
    assert (order != (0, 1, 2)) == match.reordered
    assert std == pytest.approx(match.values)


@pytest.mark.parametrize(("units", "factor", "offset"), [(BYTES, 255, 0), (SIGNED, 2, -1)])
def test_units(images, units, factor, offset):
    """A mean for 0-255 or [-1, 1] is found as such, and a std too."""
    mean = images.mean.mean(axis=0) * factor + offset
    assert units.name == look(images, "mean", written(mean, 4), (UNIT, units)).matches[0].units
    std = mean_of_stds(images) * factor
    assert units.name == look(images, "std", written(std, 4), (UNIT, units)).matches[0].units


@pytest.mark.parametrize(
    ("mean", "std", "scale", "names"),
    [
        (["0.5"], ["0.2"], 255, ["[0, 1]", "[-1, 1]"]),
        (["-0.1"], ["0.2"], 255, ["[-1, 1]"]),
        (["125.3"], ["63"], 255, ["0-255"]),
        (["0.5"], ["0.2"], 65535, ["[0, 1]", "[-1, 1]", "16-bit samples divided by 255"]),
        (["125"], ["63"], 65535, ["0-255", "0-65535", "16-bit samples divided by 255"]),
        (["1200.5"], ["63"], 1, ["[0, 1]"]),
    ],
)
def test_guessed_units(mean, std, scale, names):
    """What is beyond 1 is for 0-255, what is negative for [-1, 1]; floats are taken as they are."""
    assert names == [u.name for u in units_of(Digits.of(mean), Digits.of(std), scale)]


def test_units_that_are_said():
    """A file that says its units is believed."""
    digits = Digits.of(["0.5"], 255.0)
    assert ["0-255"] == [u.name for u in units_of(digits, digits, 255)]


def test_few_digits_are_no_match(images):
    """With one channel and two decimals anything agrees by chance, and is not called a match."""
    one = ImageMoments(images.n[:, :1], images.mean[:, :1], images.m2[:, :1])
    std = mean_of_stds(one)
    few = look(one, "std", written(std, 2), channels=("L",))
    assert () == few.matches
    assert "the mean of the images' stds (ddof 0)" in [m.recipe for m in few.accidental]
    assert few.accidental[0].by_chance > 0.01
    many = look(one, "std", written(std, 5), channels=("L",))
    assert "the mean of the images' stds (ddof 0)" == many.matches[0].recipe
    assert many.matches[0].by_chance <= 0.01


def test_equal_channels_are_evidence_once(images):
    """Constants that repeat one number tell as much as that one."""
    alike = ImageMoments(images.n, images.mean[:, :1].repeat(3, 1), images.m2[:, :1].repeat(3, 1))
    one = look(alike, "std", written(mean_of_stds(alike)[:1], 4), channels=RGB)
    three = look(alike, "std", written(mean_of_stds(alike), 4), channels=RGB)
    assert one.matches[0].by_chance == pytest.approx(three.matches[0].by_chance)


@pytest.mark.parametrize(
    ("change", "looks"),
    [
        (lambda std: std * 1.2, "a factor of 1.2"),
        (lambda std: std + 0.05, "an offset of +0.05"),
        (lambda std: std * [1.7, 1.3, 1.5], "other images, or another recipe"),
    ],
)
def test_what_a_difference_looks_like(images, change, looks):
    """Without a match, the nearest recipes say how far they are, and by what."""
    std = np.sqrt(images.var.mean(axis=0)) * [1.3, 1.0, 0.8]
    spread = ImageMoments(images.n, images.mean * 0 + 0.5, images.n * std**2)
    found = look(spread, "std", written(change(std), 6))
    assert () == found.matches
    assert looks == found.looks[0]
    distances = [match.distance for match in found.nearest]
    if looks != "other images, or another recipe":
        assert distances[0] == pytest.approx(abs(change(std) - std).max(), rel=1e-3)


def test_a_sample_is_a_remark(images):
    """Digits that a random sample has are no match; of how many images it could be is said."""
    sample = ImageMoments(*(v[50:150] for v in (images.n, images.mean, images.m2)))
    found = look(images, "mean", written(sample.mean.mean(axis=0), 5))
    assert () == found.matches
    assert 20 <= found.sample < 300
    assert look(images, "mean", ["0.1", "0.9", "0.1"]).sample is None


def test_a_source_of_two(images):
    """Views are tried in order; the match names its own."""
    half = ImageMoments(*(v[:150] for v in (images.n, images.mean, images.m2)))
    rest = ImageMoments(*(v[150:] for v in (images.n, images.mean, images.m2)))
    views = [
        MeasuredImages(half, "train"),
        MeasuredImages(rest, "val"),
        MeasuredImages(images, "both"),
    ]
    numbers = Digits.of(written(mean_of_stds(rest), 4))
    assert "val" == explain("std", numbers, views, [UNIT], RGB).matches[0].source
