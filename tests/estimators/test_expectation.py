"""What a schedule leads to over all shuffles, against all of them, or many."""

from dataclasses import replace
from functools import cache
from itertools import permutations

import numpy as np
import pytest

from bnstat.estimators import Schedule, batchnorm, moments_of_batches
from bnstat.estimators.batchnorm import Epochs, epochs_of, expectation, running_values
from bnstat.moments import ChannelMoments

MORE = Schedule(16), Schedule(8, 0.3), Schedule(32, epochs=3), Schedule(8, 0.01)


def expected_of(records, schedule):
    """Return what is expected of the first channel."""
    epochs = epochs_of(records, 0, schedule.epochs)
    return expectation(Epochs.shuffled(epochs, schedule.batch_size), schedule)


def over_seeds(records, schedule, seeds=600):
    """Return running means and variances of the first channel over seeds."""
    found = [running_values(records, replace(schedule, seed=seed))[0] for seed in range(seeds)]
    return np.array(found).T


def over_shuffles(column, schedule, shuffles):
    """Return running means and variances of a column, shuffled by numpy."""
    rng, found = np.random.default_rng(21), []
    for _ in range(shuffles):
        orders = [rng.permutation(len(column.n)) for _ in range(schedule.epochs)]
        batches = [moments_of_batches(column, order, schedule.batch_size) for order in orders]
        means, variances = map(np.concatenate, zip(*batches, strict=True))
        weights = schedule.batch_weights(len(means))
        found.append((weights @ means, schedule.start_weight(len(means)) + weights @ variances))
    return np.array(found).T


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
def photographs():
    """700 images of all sizes, as people keep them; the largest is the lightest."""
    rng = np.random.default_rng(22)
    n = np.round(1e6 * rng.lognormal(0.0, 1.5, 700))
    means = 0.45 + 0.04 * np.log10(n / 1e6) + rng.normal(0.0, 0.12, 700)
    means[n.argmax()] = 0.9
    return ChannelMoments(n, means, n * rng.gamma(3.0, 0.02, 700))


@pytest.fixture(scope="module")
def many():
    """20,003 images whose sizes differ by factors."""
    rng = np.random.default_rng(23)
    n = np.round(1e4 * rng.lognormal(0.0, 0.9, 20_003))
    means = 0.45 + 0.1 * np.log10(n / 1e4) + rng.normal(0.0, 0.12, len(n))
    return ChannelMoments(n, means, n * rng.gamma(3.0, 0.02, len(n)))


@pytest.fixture(scope="module")
def orders(records_of):
    """The records of 6 images, in each order."""
    images = np.random.default_rng(15).integers(0, 256, (6, 1, 7)).astype(np.uint8)
    return [records_of([images[i] for i in order]) for order in permutations(range(6))]


class TestOneSize:
    """Images of equal sizes, whose batch means are plain means."""

    @pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, None], ids=str)
    @pytest.mark.parametrize("batch_size", [1, 2, 4, 6])
    def test_every_order(self, orders, momentum, batch_size):
        """Mean and sd over all 720 orders of 6 images, a short last batch among them."""
        schedule = Schedule(batch_size, momentum, "listed")
        means = [running_values(records, schedule)[0][0] for records in orders]
        expected = expected_of(orders[0], schedule)

        assert np.mean(means) == pytest.approx(expected.mean, abs=0.2 * np.std(means) + 1e-12)
        assert np.std(means) == pytest.approx(expected.sd_of_mean, rel=0.12, abs=1e-12)

    @pytest.mark.parametrize(
        "schedule",
        [Schedule(16), Schedule(8, 0.3), Schedule(32, 0.01, epochs=3), Schedule(64, None)],
        ids=str,
    )
    def test_the_mean_varies_as_the_formula_says(self, records_of, lights, schedule):
        """S²·(Σwᵢ² − (Σwᵢ)²/N) an epoch: Cochran, Sampling Techniques, section 2.9."""
        sizes = schedule.batch_sizes(500)
        weights = schedule.batch_weights(schedule.epochs * len(sizes)).reshape(schedule.epochs, -1)
        scatter = (weights**2 / sizes).sum() - (weights.sum(axis=1) ** 2).sum() / 500
        s2 = np.var(lights.mean(axis=(1, 2)) / 255, ddof=1)
        expected = expected_of(records_of(lights), schedule)

        assert np.sqrt(scatter * s2) == pytest.approx(expected.sd_of_mean, rel=0.1)

    @pytest.mark.parametrize(
        "schedule",
        [
            Schedule(64, None),
            Schedule(2, None),
            *(pytest.param(each, marks=pytest.mark.long) for each in MORE),
        ],
        ids=str,
    )
    def test_many_shuffles(self, shuffles, schedule):
        """Their centre is expected to a quarter of their sd, and the sd to 12 %."""
        records, over = shuffles
        means, variances = over(schedule)
        expected = expected_of(records, schedule)

        assert means.mean() == pytest.approx(expected.mean, abs=means.std() / 4 + 1e-12)
        assert variances.mean() == pytest.approx(expected.var, abs=variances.std() / 4)
        assert means.std() == pytest.approx(expected.sd_of_mean, rel=0.12, abs=1e-12)
        assert variances.std() == pytest.approx(expected.sd_of_var, rel=0.12)


SIX = [
    *(Schedule(64), Schedule(8, None), Schedule(8), Schedule(64, None)),
    *(Schedule(32, 0.01), Schedule(16, epochs=2)),
]


class TestUnequalSizes:
    """Batch means are ratios, which large images decide."""

    def claimed(self, column, schedule):
        epochs = Epochs.shuffled([column] * schedule.epochs, schedule.batch_size)
        return expectation(epochs, schedule)

    @pytest.mark.parametrize("schedule", SIX, ids=str)
    def test_what_is_claimed_is_what_shuffles_do(self, photographs, schedule):
        """Within 15 % of the sd of 1,000 others, and a quarter of it from their centre."""
        means, variances = over_shuffles(photographs, schedule, 1000)
        claimed = self.claimed(photographs, schedule)

        assert 0.85 < claimed.sd_of_mean / means.std() < 1.15
        assert 0.85 < claimed.sd_of_var / variances.std() < 1.15
        assert means.mean() == pytest.approx(claimed.mean, abs=means.std() / 4)
        assert variances.mean() == pytest.approx(claimed.var, abs=variances.std() / 4)

    def test_it_is_always_the_same(self, photographs):
        """Neither the run's seed nor chance has a part in it."""
        claims = {self.claimed(photographs, Schedule(64, seed=seed)) for seed in (0, 0, 1)}

        assert len(claims) == 1


class TestLargeSet:
    """Of more images than a block has, blocks are shuffled."""

    @pytest.mark.parametrize(
        "schedule", [Schedule(8, None), Schedule(64), Schedule(256, None)], ids=str
    )
    def test_many_shuffles(self, many, schedule):
        """What is claimed is what shuffles of all images do: 300 know their sd to 4 %."""
        means, variances = over_shuffles(many, schedule, 300)
        claimed = expectation(Epochs.shuffled([many], schedule.batch_size), schedule)

        assert 0.82 < claimed.sd_of_mean / means.std() < 1.18
        assert 0.82 < claimed.sd_of_var / variances.std() < 1.18
        assert means.mean() == pytest.approx(claimed.mean, abs=means.std())
        assert variances.mean() == pytest.approx(claimed.var, abs=variances.std())


class TestNoScatter:
    """Where no shuffle can change anything."""

    def test_one_batch_of_all_images(self, records_of, crops):
        """The union is the same in any order."""
        expected = expected_of(records_of(crops), Schedule(17))

        assert (expected.sd_of_mean, expected.sd_of_var) == (0.0, 0.0)

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
    """`expected` and `expected_sd` are one number a channel, for mean and variance."""
    records, schedule = records_of(frames), Schedule(5, epochs=2)
    expected = [
        expectation(Epochs.shuffled(epochs_of(records, c, 2), 5), schedule) for c in range(3)
    ]
    estimate = batchnorm(records, schedule)

    assert estimate.expected == {
        "mean": tuple(each.mean for each in expected),
        "var": tuple(each.var for each in expected),
    }
    assert estimate.expected_sd == {
        "mean": tuple(each.sd_of_mean for each in expected),
        "var": tuple(each.sd_of_var for each in expected),
    }
