"""The replay of BatchNorm, against `torch.nn.BatchNorm2d` in training mode, in float64."""

from itertools import permutations

import numpy as np
import pytest
import torch

from bnstat.estimators import Schedule, TooFewSamplesError, batchnorm

MOMENTA = [0.01, 0.1, 1.0, None]


def keys_of(images):
    return [f"{i:06d}".encode() for i in range(len(images))]


def batches_of(images, schedule):
    """Return the batches that a layer would see: each the union of its images' samples."""
    for order in schedule.orders(keys_of(images)):
        for start in range(0, len(order), schedule.batch_size):
            batch = [images[i] for i in order[start : start + schedule.batch_size]]
            flat = np.concatenate([image.reshape(len(image), -1) for image in batch], axis=1)
            yield torch.from_numpy(flat[np.newaxis, :, :, np.newaxis] / 255)


def trained(images, schedule):
    """Return a real layer that was trained on the schedule."""
    channels = len(images[0])
    layer = torch.nn.BatchNorm2d(channels, momentum=schedule.momentum).double().train()
    for batch in batches_of(images, schedule):
        layer(batch)
    return layer


def assert_same(estimate, layer):
    """Running mean, running variance and number of batches are the layer's, to 1e-12."""
    assert estimate.mean == pytest.approx(layer.running_mean.tolist(), rel=1e-12)
    assert estimate.var == pytest.approx(layer.running_var.tolist(), rel=1e-12)
    assert estimate.batches == layer.num_batches_tracked


@pytest.mark.parametrize("order", ["listed", "shuffled"])
@pytest.mark.parametrize("momentum", MOMENTA, ids=str)
@pytest.mark.parametrize("epochs", [1, 3])
def test_it_holds_what_the_layer_holds(records_of, frames, order, momentum, epochs):
    """Images of one size, the last batch of each epoch short."""
    schedule = Schedule(5, momentum, order, seed=3, epochs=epochs)

    assert_same(batchnorm(records_of(frames), schedule), trained(frames, schedule))


@pytest.mark.parametrize("momentum", MOMENTA, ids=str)
def test_images_of_unequal_sizes_are_one_union(records_of, crops, momentum):
    """A batch is all samples of its images: a large image weighs more than a small one."""
    schedule = Schedule(4, momentum, "shuffled", seed=5, epochs=2)

    assert_same(batchnorm(records_of(crops), schedule), trained(crops, schedule))


@pytest.mark.parametrize("batch_size", [1, 2, 22, 23, 24, 1000])
def test_any_batch_size(records_of, frames, batch_size):
    """One image a batch, all but one, exactly all, and more than there are."""
    schedule = Schedule(batch_size, 0.1, "listed")

    assert_same(batchnorm(records_of(frames), schedule), trained(frames, schedule))


def test_real_images_go_through_a_layer_as_they_are(records_of, frames):
    """Nothing is lost by the union: a layer fed (N, C, H, W) batches holds the same."""
    schedule = Schedule(6, 0.1, "listed")
    layer = torch.nn.BatchNorm2d(3).double()
    for batch in torch.from_numpy(frames / 255).split(6):
        layer(batch)

    assert_same(batchnorm(records_of(frames), schedule), layer)


def test_each_epoch_is_replayed_from_its_own_draws(records_of, frames):
    """Where a pipeline draws an image anew, the layer sees the new one."""
    schedule = Schedule(5, 0.1, "shuffled", seed=2, epochs=2)
    drawn = [frames, 255 - frames]
    layer = torch.nn.BatchNorm2d(3).double()
    for images, order in zip(drawn, schedule.orders(keys_of(frames)), strict=True):
        for batch in torch.from_numpy(images[order] / 255).split(5):
            layer(batch)

    assert_same(batchnorm(records_of(*drawn), schedule), layer)


def test_16_bit_and_float_images_are_replayed_alike(records_of, frames):
    """The depth of the samples changes no figure but by rounding."""
    schedule = Schedule(5, 0.1, "shuffled", epochs=2)
    expected = batchnorm(records_of(frames), schedule)
    wide = batchnorm(records_of(frames.astype(np.uint16) * 257), schedule)
    floats = batchnorm(records_of(frames / 255), schedule)

    for found in (wide, floats):
        assert found.mean == pytest.approx(expected.mean, rel=1e-12)
        assert found.var == pytest.approx(expected.var, rel=1e-12)


def test_a_batch_far_from_zero_keeps_its_digits(records_of):
    """Float samples about 10⁶: the running variance is still the layer's."""
    rng = np.random.default_rng(12)
    images = 1e6 + rng.integers(0, 256, (20, 1, 50)) / 256.0
    layer = torch.nn.BatchNorm2d(1).double()
    for batch in torch.from_numpy(images[..., np.newaxis]).split(4):
        layer(batch)

    assert_same(batchnorm(records_of(images), Schedule(4, 0.1, "listed")), layer)


def test_the_schedule_stands_in_the_result(records_of, frames):
    """Batch size, momentum, order and number of batches are kept with the figures."""
    estimate = batchnorm(records_of(frames), Schedule(5, 0.25, "listed", epochs=2))

    assert (estimate.batch_size, estimate.momentum, estimate.order) == (5, 0.25, "listed")
    assert estimate.batches == 10


class TestTooFewSamples:
    """A batch with one sample per channel has no unbiased variance."""

    @pytest.mark.parametrize("images", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
    @pytest.mark.parametrize("pixels", [1, 2])
    def test_it_is_refused_exactly_where_torch_refuses(
        self, records_of, images, batch_size, pixels
    ):
        """Of single batches, and of short last ones."""
        samples = np.random.default_rng(13).integers(0, 256, (images, 3, pixels)).astype(np.uint8)
        schedule = Schedule(batch_size)
        try:
            layer = trained(samples, schedule)
        except ValueError as error:
            assert "more than 1 value per channel" in str(error)
            with pytest.raises(TooFewSamplesError):
                batchnorm(records_of(samples), schedule)
        else:
            assert_same(batchnorm(records_of(samples), schedule), layer)

    def test_a_later_epoch_is_refused_too(self, records_of):
        """Where only some order leaves the one-pixel image to itself, some seed refuses."""
        images = [np.zeros((1, n), dtype=np.uint8) for n in (1, 4, 4)]
        refused = set()
        for seed in range(40):
            schedule = Schedule(2, seed=seed, epochs=2)
            alone = any(order[-1] == 0 for order in schedule.orders(keys_of(images)))
            try:
                batchnorm(records_of(images), schedule)
            except TooFewSamplesError:
                refused.add(seed)
                assert alone
            else:
                assert not alone
        assert 0 < len(refused) < 40


class TestStartWeight:
    """How much of the initial mean 0 and variance 1 is left."""

    @pytest.mark.parametrize(
        ("momentum", "batches", "expected"),
        [(0.1, 16, 0.1853020188851841), (0.1, 1, 0.9), (1.0, 1, 0.0), (1.0, 7, 0.0), (None, 1, 0)],
    )
    def test_it_is_what_each_batch_leaves(self, momentum, batches, expected):
        """(1 − m)^B; the plain average starts from nothing."""
        assert Schedule(momentum=momentum).start_weight(batches) == pytest.approx(expected)

    @pytest.mark.parametrize("momentum", MOMENTA, ids=str)
    def test_black_images_leave_nothing_else(self, records_of, momentum):
        """All samples 0: what is in the running variance is the start value."""
        black = np.zeros((11, 1, 6), dtype=np.uint8)
        estimate = batchnorm(records_of(black), Schedule(2, momentum, epochs=2))

        assert estimate.batches == 12
        assert estimate.mean == (0.0,)
        assert estimate.var == pytest.approx((estimate.start_weight,), rel=1e-12)
        assert estimate.start_weight == pytest.approx(0.0 if not momentum else (1 - momentum) ** 12)

    @pytest.mark.parametrize("momentum", MOMENTA, ids=str)
    def test_all_weights_sum_to_one(self, momentum):
        """The batches have the rest."""
        schedule = Schedule(momentum=momentum)

        assert schedule.batch_weights(9).sum() + schedule.start_weight(9) == pytest.approx(1.0)

    def test_a_long_run_forgets_it(self, records_of, frames):
        """After thousands of batches the weights underflow to 0, without a warning."""
        estimate = batchnorm(records_of(frames), Schedule(1, 0.1, "listed", epochs=400))

        assert estimate.batches == 9200
        assert estimate.start_weight == 0.0


class TestShuffling:
    """An image's place goes by blake2b of seed, epoch and key, and by nothing else."""

    def test_it_never_changes(self):
        """Results can be had again with any later version."""
        [order] = Schedule(seed=0).orders([f"{i}.jpg".encode() for i in range(8)])

        assert order.tolist() == [1, 4, 2, 7, 6, 5, 3, 0]

    def test_it_does_not_depend_on_the_other_images(self):
        """The order of a part of the set is the same relative order."""
        keys = [f"{i:03d}".encode() for i in range(200)]
        kept = sorted(np.random.default_rng(14).choice(200, 60, replace=False).tolist())
        for epoch in range(3):
            whole = Schedule(seed=5, epochs=3).orders(keys)[epoch]
            part = Schedule(seed=5, epochs=3).orders([keys[i] for i in kept])[epoch]
            assert [kept[i] for i in part] == [i for i in whole.tolist() if i in kept]

    def test_each_order_is_a_permutation(self):
        """Every image is seen once an epoch."""
        keys = keys_of(range(500))

        assert all(sorted(order) == list(range(500)) for order in Schedule(epochs=4).orders(keys))

    def test_seeds_and_epochs_shuffle_anew(self):
        """No two of them have the same order."""
        keys = keys_of(range(50))
        schedules = [Schedule(seed=seed, epochs=3) for seed in range(3)]
        orders = {tuple(order.tolist()) for each in schedules for order in each.orders(keys)}

        assert len(orders) == 9

    def test_every_order_is_about_as_likely(self):
        """Of 6 orders of 3 images, each comes up in a sixth of 3,000 seeds, within 5 sd."""
        keys = keys_of(range(3))
        drawn = [tuple(Schedule(seed=seed).orders(keys)[0].tolist()) for seed in range(3000)]
        counts = [drawn.count(order) for order in permutations(range(3))]

        assert sum(counts) == 3000
        assert max(abs(count - 500) for count in counts) < 5 * 20.4

    def test_listed_is_by_key_every_epoch(self):
        """The order of the keys, again and again."""
        orders = Schedule(order="listed", epochs=2).orders(keys_of(range(4)))

        assert [order.tolist() for order in orders] == [[0, 1, 2, 3]] * 2
