"""Moments of float samples, against numpy in float64 and fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.moments import NotFiniteError, moments_of_floats

samples_of_channel = st.lists(
    st.floats(-1e6, 1e6, width=32, allow_subnormal=False), min_size=1, max_size=40
)


def measured(*strips):
    return moments_of_floats(lambda: (np.array(strip, dtype=np.float64) for strip in strips))


def test_moments_are_those_of_numpy():
    """n, mean and M2 per channel, of an image in one piece."""
    samples = np.random.default_rng(2).normal(0.4, 0.2, (3, 10_000))
    n, mean, m2, ends = measured(samples)

    assert n.tolist() == [10_000] * 3
    assert ends.tolist() == [[channel.min(), channel.max()] for channel in samples]
    assert mean == pytest.approx(samples.mean(axis=1), rel=1e-14)
    assert m2 == pytest.approx(samples.var(axis=1) * 10_000, rel=1e-13)


@given(samples_of_channel)
def test_moments_are_those_of_fractions(samples):
    """Both moments are right to rounding errors of the samples' own size."""
    exact = [Fraction(x) for x in samples]
    exact_mean = sum(exact) / len(exact)
    exact_m2 = sum((x - exact_mean) ** 2 for x in exact)
    largest = max(map(abs, samples))
    _, [mean], [m2], [ends] = measured([samples])

    assert abs(mean - exact_mean) <= 2e-15 * largest
    assert ends.tolist() == [min(samples), max(samples)]
    assert abs(m2 - exact_m2) <= 1e-14 * float(exact_m2) + len(samples) * (2e-15 * largest) ** 2


def test_samples_far_from_zero_lose_no_digits():
    """The squares are taken about the image's own mean: 10⁶ away, the variance is as right."""
    samples = 1e6 + np.random.default_rng(3).integers(0, 256, (1, 5000)) / 256.0
    exact = [Fraction(x) for x in samples[0]]
    centre = sum(exact) / len(exact)
    expected = float(sum((x - centre) ** 2 for x in exact))

    assert measured(samples)[2][0] == pytest.approx(expected, rel=1e-13)


def test_strips_are_one_image():
    """An image in pieces of any width has the moments of the whole."""
    samples = np.random.default_rng(4).normal(5.0, 0.01, (2, 1000))
    n, mean, m2, ends = measured(samples[:, :1], samples[:, 1:700], samples[:, 700:])
    whole = measured(samples)

    assert n.tolist() == whole[0].tolist()
    assert ends.tolist() == whole.ends.tolist()
    assert mean == pytest.approx(whole[1], rel=1e-15)
    assert m2 == pytest.approx(whole[2], rel=1e-13)


def test_one_sample_is_its_mean():
    """The mean of one sample is the sample and its M2 is 0."""
    n, mean, m2, ends = measured([[0.1], [-3.5]])

    assert (n.tolist(), mean.tolist(), m2.tolist()) == ([1, 1], [0.1, -3.5], [0.0, 0.0])
    assert ends.tolist() == [[0.1, 0.1], [-3.5, -3.5]]


def test_input_is_left_unchanged():
    """The samples are the caller's."""
    samples = np.array([[1.0, 2.0, 4.0]])
    before = samples.copy()
    moments_of_floats(lambda: iter([samples]))

    assert samples.tolist() == before.tolist()


@pytest.mark.parametrize(
    "bad",
    [[np.nan, 1.0], [np.inf, 1.0], [-np.inf, 1.0], [np.inf, -np.inf], [np.inf, np.nan]],
    ids=str,
)
def test_samples_that_are_not_finite_are_refused(bad):
    """NaN and infinities raise in any strip and channel, without a warning beside it."""
    with pytest.raises(NotFiniteError, match="has NaN or infinite samples"):
        measured([[0.0, 1.0], [2.0, 3.0]], [[0.5, 0.5], bad])
