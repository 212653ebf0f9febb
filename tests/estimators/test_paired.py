"""Margins of differences of the same images, against the paired t-test and simulation."""

import numpy as np
import pytest

from bnstat.estimators import paired_margins
from bnstat.estimators.uncertainty import residuals

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


def margins(one, other, *, found=60, random=True, confidence=0.95):
    return paired_margins(one, other, found, random=random, confidence=confidence)


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
    """Less than the spread of the differences, and named a bound."""
    drawn = brighter(photos, 1)
    found = margins(records_of(photos), records_of(drawn))
    assert found.upper_bound
    assert found.margin.mean[0] < found.population_margin.mean[0]


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
    assert margins(records_of(photos), records_of(photos[:59])) is None
    assert margins(records_of(photos[:1]), records_of(photos[:1])) is None


def test_residuals_are_those_of_numpy(photos):
    """Of a regression on a constant and the controls; a constant control tells nothing."""
    rng = np.random.default_rng(0)
    controls, values = rng.normal(size=(50, 3)), rng.normal(size=50)
    design = np.column_stack([np.ones(50), controls])
    _, squares, _, _ = np.linalg.lstsq(design, values)
    rest, freedom = residuals(values, np.column_stack([controls, np.full(50, 7.0)]))
    assert (pytest.approx(squares[0]), 46) == (np.sum(rest**2), freedom)


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
