"""Moments of many draws, against Python's integers and fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bnstat.moments import Moments, MomentsTable

# The most pixels an image may have unless told otherwise.
MAX_PIXELS = 178_956_970

# An image as how often each value occurs: 16-bit values, up to 2²⁷ samples of each.
counts_of_values = st.dictionaries(
    st.integers(0, 65535), st.integers(1, 2**27), min_size=1, max_size=4
)


def sums(counts):
    n = sum(counts.values())
    first = sum(x * k for x, k in counts.items())
    second = sum(x * x * k for x, k in counts.items())
    return n, first, second


def row(counts, scale=65535):
    """Return a table of one draw of one channel."""
    n, first, second = sums(counts)
    return MomentsTable(scale, np.array([[n]]), np.array([[first]]), np.array([[second]]))


def constant_16_bit(value, n, rows=1):
    """Return the table of images that are all one 16-bit value."""
    counts = np.zeros((rows, 1, 65536), dtype=np.int64)
    counts[:, :, value] = n
    return MomentsTable.of_histograms(counts)


@pytest.mark.parametrize(("dtype", "size"), [(np.uint8, 256), (np.uint16, 65536)])
def test_histograms_become_sums(dtype, size):
    """n, Σx and Σx² of each row and channel are those of the samples; scale is the largest."""
    samples = np.random.default_rng(1).integers(0, size, (3, 2, 500)).astype(dtype)
    counts = np.array([[np.bincount(c, minlength=size) for c in image] for image in samples])
    table = MomentsTable.of_histograms(counts)
    exact = samples.astype(object)

    assert table.scale == size - 1
    assert table.n.tolist() == [[500, 500]] * 3
    assert table.sum_or_mean.tolist() == exact.sum(axis=2).tolist()
    assert table.sumsq_or_m2.tolist() == (exact**2).sum(axis=2).tolist()


def test_the_largest_image_fits_int64():
    """A white 16-bit image of the most pixels has its exact sums."""
    table = constant_16_bit(65535, MAX_PIXELS)

    assert table.n.tolist() == [[MAX_PIXELS]]
    assert table.sum_or_mean.tolist() == [[65535 * MAX_PIXELS]]
    assert table.sumsq_or_m2.tolist() == [[65535**2 * MAX_PIXELS]]


def test_totals_pass_two_to_the_63():
    """Rows that fit int64 add up exactly to a total that does not."""
    total = constant_16_bit(65535, MAX_PIXELS, rows=40).total()
    n = 40 * MAX_PIXELS

    assert total.sum_of_squares[0] > 2**64
    assert total == Moments(65535, (n,), (65535 * n,), (65535**2 * n,))


@given(st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=20))
def test_totals_are_exact_for_any_int64(values):
    """The total is Python's own sum, whatever the bits."""
    column = np.array(values)[:, np.newaxis]
    expected = Moments(255, (sum(values),), (sum(values),), (sum(values),))

    assert MomentsTable(255, column, column, column).total() == expected


def test_total_keeps_channels_apart():
    """The total of each channel is the sum of its own column."""
    table = MomentsTable(
        255, np.array([[1, 1], [2, 2]]), np.array([[1, 10], [2, 20]]), np.array([[3, 30], [4, 40]])
    )

    assert table.total() == Moments(255, (3, 3), (3, 30), (7, 70))


@given(counts_of_values)
@example({0: 1})
@example({65534: 2**27, 65535: 1})  # nearly constant, at the far end
@example({0: 1, 1: 2**27})
@example({40000: 2**26, 40001: 2**26})  # the mean lies in the middle of two integers
def test_centred_m2_has_all_digits(counts):
    """M2 is within a few roundings of the exact one, however little the samples differ."""
    n, first, second = sums(counts)
    exact = (second - Fraction(first * first, n)) / 65535**2
    [m2] = row(counts).centred(0)[2].tolist()

    assert abs(Fraction(m2) - exact) <= exact * Fraction(1e-15)


@given(counts_of_values)
def test_centred_mean_has_all_digits(counts):
    """The mean is within two roundings of the exact one."""
    n, first, _ = sums(counts)
    exact = Fraction(first, n * 65535)
    [mean] = row(counts).centred(0)[1].tolist()

    assert abs(Fraction(mean) - exact) <= exact * Fraction(4e-16)


def test_the_plain_formula_cancels_where_centred_does_not():
    """Σx² − (Σx)²/n in float64 loses every digit of an image that centred gets right."""
    counts = {65534: 2**27, 65535: 1}
    n, first, second = sums(counts)
    exact = float(second - Fraction(first * first, n))
    [centred] = row(counts).centred(0)[2] * 65535.0**2

    assert float(second) - float(first) ** 2 / n == 0.0
    assert centred == pytest.approx(exact, rel=1e-15)


def test_a_constant_image_has_m2_of_exactly_zero():
    """No residue of rounding is left where all samples are equal."""
    assert constant_16_bit(12345, MAX_PIXELS).centred(0)[2].tolist() == [0.0]


def test_centred_takes_its_channel():
    """Means are the asked channel's, in [0, 1]."""
    table = MomentsTable(
        255, np.array([[1, 1], [2, 2]]), np.array([[51, 0], [0, 510]]), np.array([[2601, 0]] * 2)
    )

    assert table.centred(1)[1].tolist() == [0.0, 1.0]


def test_float_moments_pass_through_centred():
    """Rows of floats already are n, mean and M2: as float64, and not the table's own arrays."""
    table = MomentsTable(
        1, np.array([[2], [3]]), np.array([[0.5], [-7.0]]), np.array([[0.1], [1e9]])
    )
    n, mean, m2 = table.centred(0)
    mean[0] = 99.0

    assert n.tolist() == [2.0, 3.0]
    assert m2.tolist() == [0.1, 1e9]
    assert table.sum_or_mean[:, 0].tolist() == [0.5, -7.0]
