"""Margins against the jackknife, all samples of a small set, and simulation."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest

from bnstat.estimators.intervals import corrected, margin
from bnstat.estimators.spreads import Design, contributions, spreads
from bnstat.estimators.uncertainty import look_sizes, uncertainty
from bnstat.moments import ChannelMoments


def images(count, *, sizes=0.0, seed=0):
    """Return n, mean and var of images: normal means, gamma variances, lognormal sizes."""
    rng = np.random.default_rng(seed)
    n = np.round(1000 * rng.lognormal(0.0, sizes, count))
    return n, rng.normal(0.4, 0.1, count), rng.gamma(4.0, 0.01, count)


def column(n, mean, var):
    return ChannelMoments(n, mean, n * var)


def figures(n, mean, var):
    """Return the pooled mean and std, in plain formulas."""
    pooled = np.average(mean, weights=n)
    square = np.average(var + mean**2, weights=n)
    return np.array([pooled, math.sqrt(square - pooled**2)])


@pytest.mark.parametrize("sizes", [0.0, 0.5])
def test_standard_error_is_the_jackknifes(sizes):
    """Leaving out one image at a time gives the same standard errors, to the order of 1/m."""
    n, mean, var = images(400, sizes=sizes)
    left_out = np.array([figures(*(np.delete(v, i) for v in (n, mean, var))) for i in range(400)])
    jackknife = np.sqrt(399 * left_out.var(axis=0))
    found = spreads(column(n, mean, var), Design(10**9))
    assert jackknife == pytest.approx([each.standard_error for each in found], rel=0.02)
    assert jackknife == pytest.approx([each.superpopulation for each in found], rel=0.02)


def test_whole_set_has_no_margin_and_keeps_its_superpopulation_error():
    """Where nothing was sampled or drawn the figure is exact."""
    data = column(*images(300))
    for spread in spreads(data, Design(300)):
        assert 0.0 == spread.standard_error
        assert 0.0 == margin(spread, 0.95)
        assert spread.superpopulation > 0.0


def test_sample_of_a_finite_set_is_surer():
    """By the finite population factor √(1 − m/N)."""
    data = column(*images(300))
    pairs = zip(spreads(data, Design(400)), spreads(data, Design(10**12)), strict=True)
    for finite, endless in pairs:
        assert finite.standard_error == pytest.approx(0.5 * endless.standard_error)


@pytest.mark.parametrize("ddof", [0, 1])
def test_squared_error_is_unbiased(ddof):
    """Over all samples of 3 of 6 equal images it averages to the variance of the mean: ddof 1."""
    mean = images(6)[1]
    means, squared = [], []
    for chosen in map(list, combinations(range(6), 3)):
        spread, _ = spreads(column(np.full(3, 9.0), mean[chosen], np.zeros(3)), Design(6))
        means.append(mean[chosen].mean())
        squared.append(spread.standard_error**2 * (1 if ddof else 2 / 3))
    assert (ddof == 1) == (np.var(means) == pytest.approx(np.mean(squared)))


def test_two_stage_formula_is_that_of_its_parts():
    """(1 − m/N)·s²/m + (m/N)·s_w²/(m·E), with the contributions written out."""
    n, mean, var = (np.repeat(v, 3) for v in images(50))
    mean = mean + np.random.default_rng(3).normal(0.0, 0.05, 150)
    z, e = (d.reshape(50, 3) for d in contributions(column(n, mean, var)))
    found = spreads(column(n, mean, var), Design(200, draws=3, random=True))
    for d, spread in zip((z, e), found, strict=True):
        between, within = d.mean(axis=1).var(ddof=1), d.var(axis=1, ddof=1).mean()
        expected = math.sqrt(0.75 * between / 50 + 0.25 * within / 150)
        assert expected == pytest.approx(spread.standard_error)


def test_one_random_draw_of_each_image_keeps_a_margin():
    """Image and draw cannot be told apart: the whole set's margin is s²/m without the factor."""
    for spread in spreads(column(*images(300)), Design(300, random=True)):
        assert spread.superpopulation == spread.standard_error


def test_images_without_a_counted_sample_contribute_nothing():
    """n = 0 divides nothing; the image still counts among the images."""
    n, mean, var = images(100)
    empty = ChannelMoments(np.append(n, 0.0), np.append(mean, np.nan), np.append(n * var, 0.0))
    z, e = contributions(empty)
    assert (0.0, 0.0) == (z[-1], e[-1])
    assert 0.0 == pytest.approx(z.sum(), abs=1e-9)
    assert np.isfinite([spread.standard_error for spread in spreads(empty, Design(500))]).all()


def test_constant_images_are_sure():
    """Nothing varies, and nothing is divided by a std of 0."""
    data = ChannelMoments(np.full(10, 4.0), np.full(10, 0.5), np.zeros(10))
    for spread in spreads(data, Design(100)):
        assert (0.0, math.inf) == (spread.standard_error, spread.effective_images)


def test_a_single_image_says_nothing():
    """Its margin is infinite."""
    spread, _ = spreads(
        ChannelMoments(np.array([4.0]), np.array([0.5]), np.array([0.1])), Design(100)
    )
    assert math.inf == margin(spread, 0.95)


def test_effective_images_counts_those_that_carry_the_figure():
    """Alike contributions of k images among zeros are k; one outlier is one."""
    mean = np.full(1000, 0.5)
    mean[:6], mean[6:12] = 0.9, 0.1
    spread, _ = spreads(ChannelMoments(np.full(1000, 4.0), mean, np.zeros(1000)), Design(10**6))
    assert 12 == pytest.approx(spread.effective_images)


def test_looks_grow_by_a_tenth_and_end_with_the_whole_set():
    """From 200 on; a small set is looked at once."""
    sizes = list(look_sizes(5000))
    assert (200, 220, 242) == tuple(sizes[:3])
    assert 5000 == sizes[-1]
    assert all(a < b <= 1.1 * a for a, b in pairwise(sizes))
    assert [150] == list(look_sizes(150))
    assert [200] == list(look_sizes(200))


FOUND, SAMPLED, RUNS = 1000, 300, 1500


def coverage(squared_error, *, draws=1, sampled=SAMPLED):
    """Return how often ±1.97 standard errors hold the true mean; 0.95 is the aim.

    `squared_error` is asked with the contributions to the mean, of shape (images, draws).
    """
    rng = np.random.default_rng(5)
    n, mean, var = images(FOUND, sizes=0.3, seed=2)
    if draws > 1:
        mean = 0.4 + (mean - 0.4) / 3
    truth = np.average(mean, weights=n)
    held = 0
    for _ in range(RUNS):
        chosen = rng.choice(FOUND, sampled, replace=False)
        each_n, each_mean, each_var = (np.repeat(v[chosen], draws) for v in (n, mean, var))
        if draws > 1:
            each_mean = each_mean + rng.normal(0.0, 0.1, len(each_mean))
        measured = column(each_n, each_mean, each_var)
        away = np.average(each_mean, weights=each_n) - truth
        held += abs(away) <= 1.97 * math.sqrt(squared_error(measured, draws, sampled))
    return held / RUNS


def ours(measured, draws, sampled):
    found, _ = spreads(measured, Design(FOUND, draws, draws > 1))
    return found.standard_error**2


def z_of(measured, draws):
    return contributions(measured)[0].reshape(-1, draws)


WRONG = {
    "no finite population factor": lambda c, e, m: z_of(c, e).mean(axis=1).var(ddof=1) / m,
    "pixels taken as independent": lambda c, e, m: np.average(c.m2 / c.n) / c.n.sum(),
}


def test_margins_cover():
    """In 93 to 97 of 100 samples, and of random draws of all images."""
    assert 0.95 == pytest.approx(coverage(ours), abs=0.02)
    assert 0.95 == pytest.approx(coverage(ours, draws=2), abs=0.02)
    assert 0.95 == pytest.approx(coverage(ours, draws=2, sampled=FOUND), abs=0.02)


@pytest.mark.parametrize("formula", WRONG.values(), ids=WRONG)
def test_wrong_formulas_do_not(formula):
    """The simulation tells them from the right one."""
    assert abs(coverage(formula) - 0.95) > 0.02


def test_wrong_treatments_of_draws_do_not():
    """Draws that are left out, or counted twice, in a whole set and in a sample."""

    def ignored(measured, draws, sampled):
        between = z_of(measured, draws).mean(axis=1).var(ddof=1)
        return (1 - sampled / FOUND) * between / sampled

    def twice(measured, draws, sampled):
        z = z_of(measured, draws)
        return (z.mean(axis=1).var(ddof=1) + z.var(axis=1, ddof=1).mean() / draws) / sampled

    assert abs(coverage(ignored, draws=2, sampled=FOUND) - 0.95) > 0.02
    assert abs(coverage(twice, draws=2) - 0.95) > 0.02


def test_records_have_their_uncertainty(records_of):
    """Of each channel; a sample of 3 of 9 images has margins, all images have none."""
    rng = np.random.default_rng(4)
    records = records_of([rng.integers(0, 256, (2, 30), dtype=np.uint8) for _ in range(3)])
    sampled = uncertainty(records, 9, random=False, confidence=0.9)
    whole = uncertainty(records, 3, random=False, confidence=0.9)
    assert (("sample",), 0.9, False) == (sampled.of, sampled.confidence, sampled.reliable)
    assert ((), None) == (whole.of, whole.margin)
    assert whole.superpopulation == sampled.superpopulation
    for channel in range(2):
        spread, _ = spreads(records.column(channel), Design(9))
        assert margin(spread, 0.9) == sampled.margin.mean[channel]


def test_one_image_has_none(records_of):
    """Nothing is known of how images vary."""
    one = records_of([np.zeros((3, 4), dtype=np.uint8)])
    assert uncertainty(one, 5, random=False, confidence=0.95) is None


def test_random_draws_are_named(records_of):
    """Also where all images were measured."""
    records = records_of([np.full((1, 4), value, dtype=np.uint8) for value in (1, 2, 3)])
    found = uncertainty(records, 3, random=True, confidence=0.95)
    assert ("draws",) == found.of
    assert found.margin.mean[0] > 0


def test_a_whole_set_is_reliable_by_its_draws():
    """With several draws of each image only these are uncertain: the images need not be many."""
    rng = np.random.default_rng(6)
    n, mean = np.full(300, 9.0), np.repeat(np.where(np.arange(100) < 3, 5.0, 0.4), 3)
    draws = ChannelMoments(n, mean + rng.normal(0, 0.1, 300), np.zeros(300))
    few = ChannelMoments(n, np.repeat(rng.normal(0.4, 0.1, 100), 3), np.zeros(300))
    few.mean[:3] += [3.0, -3.0, 0.0]
    design = Design(100, draws=3, random=True)
    assert (
        spreads(draws, design)[0].effective_images > 40 > spreads(few, design)[0].effective_images
    )
    sampled = Design(1000, draws=3, random=True)
    assert spreads(draws, sampled)[0].effective_images < 40


def test_a_corrected_interval_is_halls():
    """It solves T + k/3·T² + k²/27·T³ + k/6 = t at a fifth of the error; of none it is t's."""
    rng = np.random.default_rng(7)
    skewed = ChannelMoments(np.full(80, 9.0), rng.lognormal(0.0, 1.0, 80), np.zeros(80))
    spread, _ = spreads(skewed, Design(400))
    z = contributions(skewed)[0]
    k = np.mean((z - z.mean()) ** 3) / np.std(z) ** 3 / np.sqrt(80)
    assert spread.skewness == pytest.approx(k)
    below, above = (side / spread.standard_error for side in corrected(spread, 0.95))
    for t, side in ((2.6395, below), (-2.6395, -above)):  # of 79 degrees of freedom, from tables
        assert t == pytest.approx(side + k / 3 * side**2 + k**2 / 27 * side**3 + k / 6, rel=1e-4)
    assert above > below
    even = ChannelMoments(np.full(80, 9.0), np.tile([0.2, 0.4], 40), np.zeros(80))
    (below, above), half = (
        f(spreads(even, Design(400))[0], c) for f, c in ((corrected, 0.95), (margin, 0.99))
    )
    assert below == above == pytest.approx(half)


def test_few_images_have_a_corrected_interval(records_of):
    """Where there is a margin that is not reliable, and only there."""
    rng = np.random.default_rng(4)
    few, many = (records_of(rng.integers(0, 256, (n, 1, 30), dtype=np.uint8)) for n in (8, 300))
    sure = uncertainty(few, 20, random=False, confidence=0.9)
    assert sure.corrected.above.mean[0] > sure.margin.mean[0]
    assert uncertainty(few, 8, random=False, confidence=0.9).corrected is None
    assert uncertainty(many, 900, random=False, confidence=0.9).corrected is None


def test_a_corrected_interval_covers_where_the_plain_one_does_not():
    """The std of lognormal values, of 200 images: more than 0.90 where the margin has 0.7."""
    rng = np.random.default_rng(2)
    n, values = np.full(200, 9.0), rng.lognormal(-2.0, 1.0, 20_000)
    truth, held = values.std(), []
    for _ in range(300):
        column_ = ChannelMoments(n, rng.choice(values, 200), np.zeros(200))
        _, spread = spreads(column_, Design(10**9))
        off = column_.mean.std() - truth
        below, above = corrected(spread, 0.95)
        held.append((abs(off) <= margin(spread, 0.95), -above <= off <= below))
    plain, skewed = np.mean(held, axis=0)
    assert plain < 0.8 and skewed > 0.9
