"""Margins of differences of the same images, against the paired t-test and simulation."""

import numpy as np
import pytest

from bnstat.estimators import paired_margins
from bnstat.estimators.intervals import margin
from bnstat.estimators.paired import Shared, difference_spreads
from bnstat.estimators.spreads import Design, controls_of, prediction_errors
from bnstat.moments import ChannelMoments

# Two-sided quantiles of Student's t, from tables.
T_59 = {0.9: 1.67109303, 0.95: 2.00099538}


@pytest.fixture
def photos():
    """Images of one size, (60, 1, 6, 6), as different from one another as photographs are."""
    rng = np.random.default_rng(3)
    level = rng.uniform(60, 180, (60, 1, 1, 1))
    return np.clip(rng.normal(level, 25, (60, 1, 6, 6)), 0, 255).astype(np.uint8)


def brighter(photos, seed):
    rng = np.random.default_rng(seed)
    factor = rng.uniform(0.8, 1.2, (len(photos), 1, 1, 1))
    return np.clip(photos * factor, 0, 255).astype(np.uint8)


def margins(one, other, *, found=60, random=True, confidence=0.95, controls=None, fixed=True):
    controls = one if controls is None and one.draws == 1 else controls
    return paired_margins(
        one,
        other,
        found,
        random=random,
        confidence=confidence,
        controls=controls,
        baseline_is_fixed=fixed,
    )


def image_means(photos):
    return photos.reshape(len(photos), -1).mean(axis=1) / 255


def test_for_a_new_set_it_is_the_paired_t_test(records_of, photos):
    """Where images have one size, the mean is that of the images' means."""
    drawn = brighter(photos, 1)
    found = margins(records_of(photos), records_of(drawn), confidence=0.9)
    half = T_59[0.9] * np.std(image_means(drawn) - image_means(photos), ddof=1) / np.sqrt(60)
    assert found.population_margin.mean == (pytest.approx(half, rel=1e-7),)


def test_the_std_is_that_of_the_jackknife(records_of, photos):
    """Each pair left out once: an independent way to the standard error of a difference."""
    drawn = brighter(photos, 1)
    found = margins(records_of(photos), records_of(drawn))
    without = [np.delete(drawn, i, 0).std() - np.delete(photos, i, 0).std() for i in range(60)]
    error = np.sqrt(59**2 / 60 * np.var(without, ddof=1)) / 255
    assert found.population_margin.std == (pytest.approx(T_59[0.95] * error, rel=0.05),)


def test_draws_are_told_from_images_by_several_epochs(records_of, photos):
    """Given the images, only what differs from draw to draw of an image counts."""
    epochs = [brighter(photos, seed) for seed in (1, 2, 3)]
    found = margins(records_of(photos), records_of(*epochs))
    each = np.stack([image_means(epoch) for epoch in epochs], axis=1)
    within = each.var(axis=1, ddof=1).mean()
    half = 1.97993041 * np.sqrt(within / (60 * 3))
    assert found.margin.mean == (pytest.approx(half, rel=1e-7),)
    assert not found.upper_bound


def test_two_random_pipelines_are_paired_by_epoch(records_of, photos):
    """Draws of an epoch have one seed: what both make of it cancels."""
    epochs = [brighter(photos, seed) for seed in (1, 2)]
    shifted = [np.minimum(epoch, 250) + np.uint8(5) for epoch in epochs]
    found = margins(records_of(*epochs), records_of(*shifted))
    apart = margins(records_of(photos), records_of(*shifted))
    assert found.margin.mean[0] < 0.05 * apart.margin.mean[0]


def test_one_epoch_is_bounded_by_what_the_plain_image_does_not_tell(records_of, photos):
    """Far less than the spread of the differences where it tells most, and named a bound."""
    drawn = brighter(photos, 1) // 2
    found = margins(records_of(photos), records_of(drawn))
    assert found.upper_bound
    assert found.margin.mean[0] < 0.5 * found.population_margin.mean[0]


def test_a_flip_has_no_margin_at_all(records_of, photos):
    """It changes no histogram."""
    flipped = photos[:, :, :, ::-1]
    for epochs in ([flipped], [photos, flipped]):
        found = margins(records_of(photos), records_of(*epochs))
        assert (found.margin.mean, found.margin.std) == ((0.0,), (0.0,))
        assert found.reliable


def test_what_is_exact_has_a_margin_for_other_images_alone(records_of, photos):
    """No random draw, and no sample."""
    darker = photos // 2
    found = margins(records_of(photos), records_of(darker), random=False)
    assert found.margin is None
    assert found.population_margin.mean[0] > 0.0


def test_of_a_sample_the_rest_of_the_images_counts(records_of, photos):
    """(1 − m/N)·s²/m with s² of the differences, where nothing is random."""
    darker = photos // 2
    found = margins(records_of(photos), records_of(darker), found=100, random=False)
    d = image_means(darker) - image_means(photos)
    half = T_59[0.95] * np.sqrt((1 - 0.6) * d.var(ddof=1) / 60)
    assert found.margin.mean == (pytest.approx(half, rel=1e-7),)


def test_other_images_are_no_pairs(records_of, photos):
    """Nor does one image tell anything."""
    others = records_of(photos)
    others.keys = lambda: [b"x%d" % i for i in range(60)]
    assert margins(records_of(photos), others) is None
    assert margins(records_of(photos[:1]), records_of(photos[:1])) is None


def test_prediction_errors_are_those_of_leaving_each_out():
    """Of a regression on a constant and the controls; a constant control tells nothing."""
    rng = np.random.default_rng(0)
    controls, values = rng.normal(size=(50, 3)), rng.normal(size=50)
    design = np.column_stack([np.ones(50), controls])
    off, rank = prediction_errors(values, np.column_stack([controls, np.full(50, 7.0)]))
    for i in range(50):
        fitted, *_ = np.linalg.lstsq(np.delete(design, i, 0), np.delete(values, i))
        assert off[i] == pytest.approx(values[i] - design[i] @ fitted)
    assert 3 == rank


def test_a_large_image_does_not_explain_its_own_draw():
    """Of sizes that differ by factors, the margin is still that of the draws."""
    rng = np.random.default_rng(4)
    n = np.round(1000 * rng.lognormal(0.0, 1.0, 60))
    light, runs = rng.uniform(0.2, 0.8, 60), 200
    plain, found, wide = ChannelMoments(n, light, 0.02 * n), [], []
    for _ in range(runs):
        drawn = ChannelMoments(n, light * rng.uniform(0.6, 1.4, 60), 0.02 * n)
        found.append(n @ drawn.mean / n.sum())
        design, controls = Design(60, random=True), controls_of(plain)
        shared = Shared.of(range(60), range(60))
        spread, _ = difference_spreads(plain, drawn, (1, 1), design, controls, shared)
        wide.append(margin(spread, 0.95))
    assert 1.0 <= np.sqrt(np.mean(np.square(wide))) / (1.96 * np.std(found)) < 1.5


@pytest.mark.parametrize("epochs", [1, 2])
def test_margins_cover(records_of, photos, epochs):
    """In about 95 of 100 runs; two independent margins would be far too wide."""
    runs, plain = 240, records_of(photos)
    found, wide = [], []
    for run in range(runs):
        drawn = [brighter(photos, 1000 * run + epoch) for epoch in range(epochs)]
        found.append(np.mean([image_means(epoch).mean() for epoch in drawn]))
        wide.append(margins(plain, records_of(*drawn)).margin.mean[0])
    away = np.abs(np.array(found) - np.mean(found))
    assert 0.9 <= np.mean(away <= wide) <= 0.99
    assert np.mean(wide) == pytest.approx(1.96 * np.std(found), rel=0.2)


def test_p_values_are_those_of_the_paired_t_test(records_of, photos):
    """Of one epoch without controls; where nothing differs, nothing follows."""
    from statistics import NormalDist

    drawn = brighter(photos, 1)
    one, other = records_of(photos), records_of(drawn)
    found = paired_margins(one, other, 60, random=True, confidence=0.95)
    d = image_means(drawn) - image_means(photos)
    t = abs(d.mean()) / (d.std(ddof=1) / np.sqrt(60))
    # Of 59 degrees of freedom: Abramowitz and Stegun, 26.7.8.
    normal = t * (1 - 1 / (4 * 59)) / np.sqrt(1 + t * t / (2 * 59))
    assert found.p_values.mean == (pytest.approx(2 * NormalDist().cdf(-normal), rel=0.02),)
    flipped = margins(one, records_of(photos[:, :, :, ::-1]))
    assert (flipped.p_values.mean, flipped.p_values.std) == ((1.0,), (1.0,))
    assert margins(one, other, random=False).p_values is None


def test_an_image_in_one_of_both_stands_for_others_like_it(records_of, photos):
    """For a new set, what is shared is paired and the rest independent: the sum of both."""
    drawn = brighter(photos, 1)
    whole, some = records_of(photos), records_of(drawn[:50])
    found = margins(whole, some)
    a, b = image_means(photos), image_means(drawn[:50])
    z, e = (a - a.mean()) / 60, (b - b.mean()) / 50
    each = np.concatenate([e - z[:50], -z[50:]])
    half = T_59[0.95] * np.sqrt(60 / 59 * np.sum(each**2))
    assert found.population_margin.mean == (pytest.approx(half, rel=1e-7),)
    alone = margins(records_of(photos[:50]), some)
    assert found.margin.mean == pytest.approx(alone.margin.mean, rel=0.05)
    assert found.margin.std == pytest.approx(alone.margin.std, rel=0.05)


@pytest.mark.parametrize(
    ("ones", "others"), [("abc", "abc"), ("abd", "bcd"), ("", "a"), ("ab", "c")]
)
def test_shared_images_are_those_of_both_sets(ones, others):
    """By key, with their places in each; differences are summed over all."""
    keys = [[letter.encode() for letter in letters] for letters in (ones, others)]
    shared = Shared.of(*keys)
    assert [keys[0][i] for i in shared.ones] == [keys[1][i] for i in shared.others]
    assert sorted(set(ones) & set(others)) == [key.decode() for key in shared.keys]
    assert len(set(ones) | set(others)) == shared.images


def test_thumbnails_tell_of_a_baseline_that_is_drawn_itself(records_of, photos):
    """Its own draws are no control variates: what both draws differ by would vanish."""
    one, other = brighter(photos, 1), brighter(photos, 2)
    found = [
        margins(
            records_of(one), records_of(other), controls=records_of(controls), fixed=False
        ).margin.mean[0]
        for controls in (photos, one)
    ]
    runs = [
        image_means(brighter(photos, s)).mean() - image_means(brighter(photos, s + 1)).mean()
        for s in range(3, 203, 2)
    ]
    assert found[0] == pytest.approx(2 * np.std(runs), rel=0.25)
    assert found[1] < 0.85 * found[0]
