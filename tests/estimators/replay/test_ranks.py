"""Ranks that train together, against torch: its sampler, its layer, and two real processes."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import DistributedSampler

from bnstat.estimators import Schedule, two_pass
from bnstat.estimators.replay import Grid, Ranks, sweep

BATCH, MOMENTUM, EPOCHS = 3, 0.1, 2


@pytest.fixture(scope="module")
def images():
    """Eleven images of one channel, 6 pixels each, in float64."""
    return np.random.default_rng(8).beta(2, 3, (11, 1, 6))


@pytest.fixture(scope="module")
def records(images, records_of):
    """What is kept of them."""
    means, variances = images.mean(axis=2), images.var(axis=2)
    return records_of(np.full(len(images), 6), means, variances)


def dealt(order, ranks):
    """Return what torch deals of an order to each rank."""
    samplers = [DistributedSampler(order, ranks, r, shuffle=False) for r in range(ranks)]
    return [[order[i] for i in sampler] for sampler in samplers]


@pytest.mark.parametrize("ranks", [2, 3, 4, 11, 16, 40])
@pytest.mark.parametrize("images", [1, 5, 11, 12])
def test_ranks_have_the_images_that_torch_deals_to_them(ranks, images):
    """Rank 0 has its share, and the batches of all ranks together are blocks of the order."""
    order = np.random.default_rng(0).permutation(images)
    each = dealt(order.tolist(), ranks)
    alone, together = Ranks(ranks, synchronized=False), Ranks(ranks)
    assert alone.dealt(order).tolist() == each[0]
    assert (alone.seen(images), together.seen(images)) == (len(each[0]), ranks * len(each[0]))
    block = together.at_once(BATCH)
    for k in range(-(-len(each[0]) // BATCH)):
        batches = [i for own in each for i in own[k * BATCH : (k + 1) * BATCH]]
        seen = together.dealt(order)[k * block : (k + 1) * block].tolist()
        assert sorted(batches) == sorted(seen)


@pytest.mark.parametrize("order", ["listed", "shuffled"])
@pytest.mark.parametrize("momentum", [MOMENTUM, None])
def test_layers_hold_what_torch_says(images, records, order, momentum):
    """Synchronized batches are the union of all ranks'; without it, rank 0 has a layer of its own.

    The unbiased variance of the union is what torch.nn.SyncBatchNorm puts into running_var.
    """
    grid = Grid((BATCH,), (momentum,), (order,), repeats=1, seed=4, epochs=EPOCHS, ranks=4)
    cells = sweep(records, grid, None).cells
    assert [(4, True), (4, False)] == [(cell.ranks, cell.synchronized) for cell in cells]
    layers = [torch.nn.BatchNorm2d(1, momentum=momentum).double().train() for _ in range(2)]
    for positions in Schedule(order=order, seed=4, epochs=EPOCHS).orders(list(records.keys())):
        each = dealt(positions.tolist(), 4)
        for k in range(0, len(each[0]), BATCH):
            union = [i for own in each for i in own[k : k + BATCH]]
            for layer, batch in zip(layers, (union, each[0][k : k + BATCH]), strict=True):
                layer(torch.from_numpy(images[batch][..., np.newaxis]))
    exact = two_pass(records)
    for cell, layer in zip(cells, layers, strict=True):
        mean, var = layer.running_mean.item(), layer.running_var.item()
        assert cell.batches == layer.num_batches_tracked
        assert cell.mean.largest == pytest.approx(abs(mean - exact.mean[0]), abs=1e-14)
        assert cell.std.largest == pytest.approx(abs(var**0.5 - exact.std[0]), abs=1e-14)


@pytest.mark.parametrize("momentum", [0.1, None], ids=["0.1", "cumulative"])
def test_theory_expects_what_happens(momentum, records):
    """Also of padded batches, and of a share of the images: start, bias and noise."""
    grid = Grid((2,), (momentum,), ("shuffled",), 600, epochs=2, ranks=3)
    for cell in sweep(records, grid, None).cells:
        assert cell.mean.rms == pytest.approx(cell.mean.expected, rel=0.15)
        assert cell.std.rms == pytest.approx(cell.std.expected, rel=0.15)


@pytest.mark.long
def test_theory_knows_a_share_of_many_images(records_of):
    """Of a large set, a share of the images varies as their blocks tell."""
    rng = np.random.default_rng(9)
    mean = rng.beta(2, 3, (6000, 1))
    many = records_of(rng.integers(500, 2000, 6000), mean, np.full((6000, 1), 0.01))
    grid = Grid((64,), (None,), ("shuffled",), 400, ranks=7)
    for cell in sweep(many, grid, None).cells:
        assert cell.mean.rms == pytest.approx(cell.mean.expected, rel=0.15)
        assert cell.std.rms == pytest.approx(cell.std.expected, rel=0.2)


# What a rank of DistributedDataParallel does to its layer, and what SyncBatchNorm does, which torch
# has for GPUs alone: sums of all ranks, and the unbiased variance of all their samples.
PROGRAM = """
import json, os, sys
import numpy as np, torch, torch.distributed as dist
from torch.utils.data import DistributedSampler
rank, (batch, momentum, epochs) = int(sys.argv[1]), json.loads(sys.argv[2])
images = torch.from_numpy(np.load("images.npy"))[..., None]
dist.init_process_group("gloo", init_method="file://" + os.path.abspath("store"), rank=rank,
                        world_size=2)
layer = torch.nn.BatchNorm2d(1, momentum=momentum).double().train()
mean, var = torch.zeros(()).double(), torch.ones(()).double()
for epoch in range(epochs):
    own = list(DistributedSampler(images, 2, rank, shuffle=False))
    for k in range(0, len(own), batch):
        x = images[own[k : k + batch]]
        layer(x)
        sums = torch.stack([torch.tensor(x.numel()).double(), x.sum(), (x * x).sum()])
        dist.all_reduce(sums)
        n, center = sums[0], sums[1] / sums[0]
        unbiased = (sums[2] / n - center**2) * n / (n - 1)
        mean = (1 - momentum) * mean + momentum * center
        var = (1 - momentum) * var + momentum * unbiased
dist.destroy_process_group()
print(json.dumps([mean.item(), var.item(), layer.running_mean.item(), layer.running_var.item()]))
"""


@pytest.mark.long
def test_two_processes_hold_it(images, records, tmp_path):
    """Rank 0 of two real processes holds the figures, and with sums of both so does each."""
    np.save(tmp_path / "images.npy", images)
    asked = json.dumps([BATCH, MOMENTUM, EPOCHS])
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(rank), asked], cwd=tmp_path, stdout=subprocess.PIPE
        )
        for rank in (0, 1)
    ]
    first, second = (json.loads(process.communicate(timeout=200)[0]) for process in started)
    assert first[:2] == second[:2] and first[2:] != second[2:]
    grid = Grid((BATCH,), (MOMENTUM,), ("listed",), 1, epochs=EPOCHS, ranks=2)
    exact = two_pass(records)
    for cell, (mean, var) in zip(
        sweep(records, grid, None).cells, (first[:2], first[2:]), strict=True
    ):
        assert cell.mean.largest == pytest.approx(abs(mean - exact.mean[0]), abs=1e-12)
        assert cell.std.largest == pytest.approx(abs(var**0.5 - exact.std[0]), abs=1e-12)
