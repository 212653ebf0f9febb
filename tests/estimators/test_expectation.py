"""What a schedule leads to over all shuffles, against all of them, or many."""

from dataclasses import replace
from functools import cache
from itertools import permutations

import numpy as np
import pytest

from bnstat.estimators import Schedule, batchnorm, epochs_of, expectation


def expected_of(records, schedule):
    """Return what is expected of the first channel."""
    return expectation(epochs_of(records, 0, schedule.epochs), schedule)


def over_seeds(records, schedule, seeds=600):
    """Return running means and variances of the first channel over seeds."""
    found = [batchnorm(records, replace(schedule, seed=seed)) for seed in range(seeds)]
    return np.array([f.mean[0] for f in found]), np.array([f.var[0] for f in found])


@pytest.fixture(scope="module")
def shuffles(lights, records_of):
    """The records of `lights`; running means and variances of 600 shuffles of them."""
    records = records_of(lights)
    return records, cache(lambda schedule: over_seeds(records, schedule))


@pytest.fixture(scope="module")
def lights():
    """500 gray images of 30 pixels, whose light differs more than their pixels do."""
    rng = np.random.default_rng(16)
    light = 155 * rng.beta(2.0, 2.5, (500, 1, 1))
    return (light + rng.integers(0, 100, (500, 1, 30))).astype(np.uint8)


@pytest.fixture(scope="module")
def sized(lights):
    """The same images, cut to 6 to 30 pixels: the brighter, the larger."""
    return [image[:, : 6 + int(image.mean() // 11)] for image in lights]


class TestOneSize:
    """Images of equal sizes, whose batch means are plain means."""

    @pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, None], ids=str)
    @pytest.mark.parametrize("batch_size", [1, 2, 4, 6])
    def test_the_mean_is_exact(self, records_of, momentum, batch_size):
        """Mean and sd over all 720 orders of 6 images, a short last batch among them."""
        images = np.random.default_rng(15).integers(0, 256, (6, 1, 7)).astype(np.uint8)
        schedule = Schedule(batch_size, momentum, "listed")
        means = [
            batchnorm(records_of([images[i] for i in order]), schedule).mean[0]
            for order in permutations(range(6))
        ]
        expected = expected_of(records_of(images), schedule)

        assert np.mean(means) == pytest.approx(expected.mean, rel=1e-12)
        assert np.std(means) == pytest.approx(expected.sd_of_mean, rel=1e-9, abs=1e-8)

    @pytest.mark.parametrize(
        "schedule",
        [Schedule(16), Schedule(8, 0.3), Schedule(32, epochs=3), Schedule(64, None)],
        ids=str,
    )
    def test_the_centre_is_where_shuffles_lie(self, shuffles, schedule):
        """Within five standard errors of 600 of them, and 0.3 % for unbiased against biased."""
        records, over = shuffles
        means, variances = over(schedule)
        expected = expected_of(records, schedule)
        error = 5 / np.sqrt(len(means))

        assert abs(means.mean() - expected.mean) < error * means.std() + 1e-12
        assert abs(variances.mean() - expected.var) < error * variances.std() + 0.003 * expected.var

    @pytest.mark.parametrize(
        "schedule", [Schedule(16), Schedule(8, 0.3), Schedule(32, epochs=3)], ids=str
    )
    def test_the_sd_is_the_scatter_of_shuffles(self, shuffles, schedule):
        """Within 12 % of what 600 of them do, whose own error is 3 %."""
        records, over = shuffles
        means, variances = over(schedule)
        expected = expected_of(records, schedule)

        assert means.std() == pytest.approx(expected.sd_of_mean, rel=0.12)
        assert variances.std() == pytest.approx(expected.sd_of_var, rel=0.12)

    @pytest.mark.parametrize("schedule", [Schedule(64, None), Schedule(8, 0.01)], ids=str)
    def test_the_sd_of_the_variance_holds_for_any_weights(self, shuffles, schedule):
        """Where batches weigh nearly alike, what is of second order is the most."""
        records, over = shuffles
        _, variances = over(schedule)

        assert variances.std() == pytest.approx(expected_of(records, schedule).sd_of_var, rel=0.12)


class TestUnequalSizes:
    """Batch means are ratios: to leading order in the sizes."""

    def test_the_centre_is_where_shuffles_lie(self, records_of, sized):
        """The large images are the bright ones: a batch mean is biased, which is foreseen."""
        records = records_of(sized)
        schedule = Schedule(8)
        means, variances = over_seeds(records, schedule, 2000)
        expected = expected_of(records, schedule)
        error = 5 / np.sqrt(len(means))

        assert abs(means.mean() - expected.mean) < error * means.std()
        assert abs(variances.mean() - expected.var) < error * variances.std() + 0.01 * expected.var

    def test_the_sd_is_the_scatter_of_shuffles(self, records_of, sized):
        """Within 15 % of what 600 of them do."""
        records = records_of(sized)
        means, variances = over_seeds(records, Schedule(16))
        expected = expected_of(records, Schedule(16))

        assert means.std() == pytest.approx(expected.sd_of_mean, rel=0.15)
        assert variances.std() == pytest.approx(expected.sd_of_var, rel=0.15)


class TestNoScatter:
    """Where no shuffle can change anything."""

    def test_one_batch_of_all_images(self, records_of, frames):
        """The union is the same in any order."""
        expected = expected_of(records_of(frames), Schedule(23))

        assert (expected.sd_of_mean, expected.sd_of_var) == pytest.approx((0.0, 0.0), abs=1e-8)

    def test_one_image(self, records_of, frames):
        """Its only order is itself."""
        expected = expected_of(records_of(frames[:1]), Schedule(1))

        assert (expected.sd_of_mean, expected.sd_of_var) == (0.0, 0.0)

    def test_epochs_narrow_it(self, records_of, frames):
        """A plain average over four epochs has half the noise of one."""
        records = records_of(frames)
        once = expected_of(records, Schedule(4, None)).sd_of_mean
        four = expected_of(records, Schedule(4, None, epochs=4)).sd_of_mean

        assert four == pytest.approx(once / 2)


def test_batchnorm_has_it_beside_its_figures(records_of, frames):
    """`expected_sd` is one number a channel, for mean and variance."""
    records, schedule = records_of(frames), Schedule(5, epochs=2)
    expected = [expectation(epochs_of(records, c, 2), schedule) for c in range(3)]
    estimate = batchnorm(records, schedule)

    assert estimate.expected_sd == {
        "mean": tuple(each.sd_of_mean for each in expected),
        "var": tuple(each.sd_of_var for each in expected),
    }
