"""BatchNorm beside a manual computation on 2,000 random batches, an experiment often repeated.

A layer with momentum 0.1 remembers about the last ten batches: on 2,000 of them its mean and
variance are off by 0.06, whatever their number. The published digits are held here three ways: by
torch, by bnstat's estimators, and by a layer as people write it by hand.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from bnstat.estimators import Schedule, batchnorm, welford
from bnstat.moments import ChunkMoments, Kind, MomentsTable, Records

BATCH, BATCHES = 20, 2000
N = BATCH * BATCHES


class Experiment(NamedTuple):
    batches: torch.Tensor  # (2000, 20, 3, 1, 1)
    layer: torch.nn.BatchNorm2d


@pytest.fixture(scope="module")
def experiment():
    """The batches in the order in which they went through a layer, and the layer."""
    with torch.random.fork_rng():
        torch.manual_seed(21)
        y = torch.randn(BATCH, 3, 1, 1)
        layer = torch.nn.BatchNorm2d(3)
        batches = []
        for _ in range(BATCHES):
            x = torch.randn_like(y)
            layer(x)
            batches.append(x)
    return Experiment(torch.stack(batches), layer)


@pytest.fixture(scope="module")
def records_of_pixels():
    """Return what makes records of batches: each of its images is one float pixel."""

    def make(batches):
        pixels = batches.double().numpy().reshape(-1, 3)
        rows = range(len(pixels))
        table = MomentsTable(1, np.ones_like(pixels, dtype=np.int64), pixels, np.zeros_like(pixels))
        records = Records()
        kind = Kind("F", ("R", "G", "B"), 1)
        records.extend([b"%06d" % i for i in rows], ChunkMoments(kind, list(rows), table, None))
        return records

    return make


def printed(values):
    return [f"{value:.4f}" for value in values]


def apart(first, second):
    """Return the mean absolute difference, as printed."""
    return f"{np.abs(np.subtract(first, second)).mean():.4f}"


def unbiased(var):
    return [v * N / (N - 1) for v in var]


MANUAL_MEAN = ["0.0039", "0.0015", "0.0095"]
MANUAL_VAR = ["1.0029", "1.0026", "0.9947"]
LAYER_MEAN = ["-0.0628", "0.0649", "0.0600"]
LAYER_VAR = ["1.0812", "1.0318", "1.0721"]


def test_torch_prints_the_published_digits(experiment):
    """Manual and BatchNorm mean and variance, and their differences."""
    pixels = experiment.batches.flatten(0, 1)
    mean, var = pixels.mean((0, 2, 3)), pixels.var((0, 2, 3))
    layer = experiment.layer

    assert (printed(mean), printed(var)) == (MANUAL_MEAN, MANUAL_VAR)
    assert printed(layer.running_mean) == LAYER_MEAN
    assert printed(layer.running_var) == LAYER_VAR
    assert apart(mean.tolist(), layer.running_mean.tolist()) == "0.0602"
    assert apart(var.tolist(), layer.running_var.tolist()) == "0.0616"


def test_bnstat_prints_the_same_digits(experiment, records_of_pixels):
    """`welford` is the manual computation, `batchnorm` the layer."""
    records = records_of_pixels(experiment.batches)
    exact, replayed = welford(records), batchnorm(records, Schedule(BATCH, 0.1, "listed"))

    assert set(records.count) == {N}
    assert printed(exact.mean) == MANUAL_MEAN
    assert printed(unbiased(exact.var)) == MANUAL_VAR
    assert printed(replayed.mean) == LAYER_MEAN
    assert printed(replayed.var) == LAYER_VAR
    assert apart(exact.mean, replayed.mean) == "0.0602"
    assert apart(unbiased(exact.var), replayed.var) == "0.0616"
    assert replayed.batches == BATCHES


def test_the_layer_is_as_far_off_as_expected(experiment, records_of_pixels):
    """Shuffles of these batches would scatter by √(0.1 / 1.9 / 20) of the std, and do here."""
    replayed = batchnorm(records_of_pixels(experiment.batches), Schedule(BATCH, 0.1, "listed"))
    off = np.abs(np.subtract(replayed.mean, welford(records_of_pixels(experiment.batches)).mean))

    assert replayed.expected_sd["mean"] == pytest.approx([(0.1 / 1.9 / 20) ** 0.5] * 3, rel=0.03)
    assert (off < 3 * np.array(replayed.expected_sd["mean"])).all()


class HandWritten:
    """BatchNorm as people write it: 0.9 goes to the running value, and the variance is biased.

    Its habits at the start differ: some layers take the first batch as it is (`start=None`), some
    begin with zeros.
    """

    def __init__(self, start=None):
        self.mean = self.var = start

    def __call__(self, x):
        mean = x.mean(dim=(0, 2, 3))
        var = ((x - mean[None, :, None, None]) ** 2).mean(dim=(0, 2, 3))
        if self.mean is None:
            self.mean, self.var = mean, var
        else:
            self.mean = 0.9 * self.mean + (1 - 0.9) * mean
            self.var = 0.9 * self.var + (1 - 0.9) * var


def biased(replayed):
    """Return the variance as if each batch, of 20 samples, had put in its population variance."""
    start = replayed.start_weight
    return start + (np.array(replayed.var) - start) * 19 / 20


AS_WRITTEN = Schedule(BATCH, 1 - 0.9, "listed")


def hand_written(batches, start=None):
    layer = HandWritten(start)
    for batch in batches.double():
        layer(batch)
    return layer


@pytest.mark.parametrize("batches", [1, 2, 10])
def test_a_start_from_zeros_lacks_the_start_weight(experiment, records_of_pixels, batches):
    """torch's variance starts at 1: `start_weight` of it is all that sets the two apart."""
    some = experiment.batches[:batches]
    layer = hand_written(some, torch.zeros(3, dtype=torch.float64))
    replayed = batchnorm(records_of_pixels(some), AS_WRITTEN)

    assert replayed.mean == pytest.approx(layer.mean.tolist(), rel=1e-12)
    assert biased(replayed) - replayed.start_weight == pytest.approx(layer.var, rel=1e-12)


@pytest.mark.parametrize("batches", [1, 2, 10])
def test_a_start_from_the_first_batch_gives_it_the_start_weight(
    experiment, records_of_pixels, batches
):
    """The first batch has taken the place of mean 0 and variance 1."""
    some = experiment.batches[:batches]
    layer = hand_written(some)
    replayed = batchnorm(records_of_pixels(some), AS_WRITTEN)
    first = batchnorm(records_of_pixels(some[:1]), Schedule(BATCH, 1.0, "listed"))
    mean = np.array(replayed.mean) + replayed.start_weight * (np.array(first.mean) - 0.0)
    var = biased(replayed) + replayed.start_weight * (biased(first) - 1.0)

    assert mean == pytest.approx(layer.mean.numpy(), rel=1e-12)
    assert var == pytest.approx(layer.var.numpy(), rel=1e-12)


def test_after_2000_batches_no_start_is_left(experiment, records_of_pixels):
    """All habits end in the same mean; the biased variance is 19/20 of torch's."""
    layer = hand_written(experiment.batches)
    replayed = batchnorm(records_of_pixels(experiment.batches), AS_WRITTEN)

    assert replayed.start_weight < 1e-90
    assert printed(layer.mean) == LAYER_MEAN
    assert replayed.mean == pytest.approx(layer.mean.tolist(), rel=1e-12)
    assert biased(replayed) == pytest.approx(layer.var.tolist(), rel=1e-12)
