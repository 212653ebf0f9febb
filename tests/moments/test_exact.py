"""Exact totals of integer samples, against fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnstat.moments import Moments

bytes_of_samples = st.lists(st.integers(0, 255), min_size=1, max_size=30)
words_of_samples = st.lists(st.integers(0, 65535), min_size=1, max_size=30)


def moments(samples, scale=255):
    """Return the moments of one channel, by Python's own integers."""
    return Moments(scale, (len(samples),), (sum(samples),), (sum(x * x for x in samples),))


def in_unit(samples, scale):
    return [Fraction(x, scale) for x in samples]


def fractional_mean(values):
    return sum(values) / len(values)


def fractional_var(values):
    mean = fractional_mean(values)
    return sum((x - mean) ** 2 for x in values) / len(values)


@given(words_of_samples)
def test_mean_is_rounded_once(samples):
    """The mean is the float nearest the exact quotient."""
    expected = float(fractional_mean(in_unit(samples, 65535)))

    assert moments(samples, 65535).mean() == (expected,)


@given(words_of_samples)
def test_var_is_rounded_once(samples):
    """The variance is the float nearest the exact two-pass variance."""
    expected = float(fractional_var(in_unit(samples, 65535)))

    assert moments(samples, 65535).var() == (expected,)


def test_var_of_nearly_constant_samples_does_not_cancel():
    """One sample of 10¹² differs by one unit: all digits of the variance are right."""
    n = 10**12
    total = Moments(65535, (n,), (65534 * n + 1,), (65534**2 * (n - 1) + 65535**2,))

    assert total.var() == (float(Fraction(n - 1, (n * 65535) ** 2)),)


def test_sums_past_int64_stay_exact():
    """A 16-bit set of a terapixel has Σx² far past 2⁶³, and a mean and variance of 1 and 0."""
    n = 10**12
    total = Moments(65535, (n,), (65535 * n,), (65535**2 * n,))

    assert total.sum_of_squares[0] > 2**63
    assert (total.mean(), total.var()) == ((1.0,), (0.0,))


@given(bytes_of_samples, words_of_samples)
def test_eight_and_sixteen_bits_merge_by_257(narrow, wide):
    """8-bit samples enter a 16-bit total as 257 times themselves, in either order."""
    expected = moments([257 * x for x in narrow] + wide, 65535)

    assert moments(narrow) + moments(wide, 65535) == expected
    assert moments(wide, 65535) + moments(narrow) == expected


@given(bytes_of_samples)
def test_a_deeper_scale_changes_no_figure(samples):
    """Mean and variance are the same numbers at 255 and at 65535."""
    narrow = moments(samples)
    wide = narrow.at(65535)

    assert (wide.mean(), wide.var()) == (narrow.mean(), narrow.var())


def test_channels_are_apart():
    """Each channel has its own sums, mean and variance."""
    total = Moments(255, (2, 2), (0, 255), (0, 65025)) + Moments(
        255, (2, 2), (510, 255), (130050, 65025)
    )

    assert total == Moments(255, (4, 4), (510, 510), (130050, 130050))
    assert total.mean() == (0.5, 0.5)


def test_other_channels_do_not_merge():
    """Moments of a different number of channels are refused, not cut short."""
    with pytest.raises(ValueError, match="zip"):
        Moments(255, (0,), (0,), (0,)) + Moments(255, *[(0, 0, 0)] * 3)
