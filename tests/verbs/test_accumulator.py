"""The accumulator: the figures of compute over the same batches, kept, merged and synchronized."""

import io
import multiprocessing
import os

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import bnstat
from bnstat.errors import MeasureError

IMAGES = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (50, 3, 9, 7), dtype=np.uint8))
SIZES = [16, 16, 16, 2]


def accumulated(images, sizes=SIZES, **options):
    accumulator = bnstat.Accumulator(**options)
    for batch in torch.split(images, sizes):
        accumulator.update(batch)
    return accumulator


def figures(stats):
    names = ("count", "sum", "sum_of_squares", "histogram", "scale", "channels", "conventions")
    return {name: getattr(stats, name) for name in names} | {
        "mean": stats.exact.mean,
        "var": stats.exact.var,
    }


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "float16", "bfloat16"])
def test_figures_are_those_of_compute(dtype):
    """All of them, to the last digit, for integers and floats, tensors and arrays."""
    images = IMAGES if dtype == "uint8" else (IMAGES / 255).to(getattr(torch, dtype))
    stats = accumulated(images).compute()
    loader = DataLoader(TensorDataset(images), batch_size=16)
    expected = bnstat.compute(loader, order="listed", batch_size=16)
    assert figures(stats) == figures(expected)
    assert stats.methods["welford"] == expected.methods["welford"]
    assert stats.methods["batchnorm"] == expected.methods["batchnorm"]
    assert stats.uncertainty == expected.uncertainty
    if dtype == "uint8":
        arrays = bnstat.Accumulator().update(images.numpy())
        assert figures(arrays.compute()) == figures(expected)


@pytest.mark.parametrize("momentum", [0.1, 0.5, None])
@pytest.mark.parametrize("sizes", [SIZES, [3, 20, 7, 20]], ids=str)
def test_batchnorm_is_torchs_own(momentum, sizes):
    """What a layer in training mode holds after the same batches, whatever their sizes."""
    images = (IMAGES / 255).double()
    layer = nn.BatchNorm2d(3, momentum=momentum).double()
    for batch in torch.split(images, sizes):
        layer(batch)
    found = accumulated(images, sizes, momentum=momentum).compute().methods["batchnorm"]
    assert np.allclose(found.mean, layer.running_mean, rtol=1e-12)
    assert np.allclose(found.var, layer.running_var, rtol=1e-12)
    assert found.batches == 4


def test_groups_and_masks():
    """Figures of each group add up; of masked pixels only those count, and batchnorm is null."""
    accumulator = bnstat.Accumulator()
    mask = torch.rand(50, 9, 7, generator=torch.Generator().manual_seed(0)) > 0.5
    labels = torch.arange(50) % 3
    for batch, names in zip(torch.split(IMAGES, 10), torch.split(labels, 10), strict=True):
        accumulator.update(batch, names)
    groups = accumulator.compute().groups
    assert groups["1"].sum == tuple(IMAGES[labels == 1].sum(dim=(0, 2, 3)).tolist())
    selected = bnstat.Accumulator().update(IMAGES, mask=mask).compute()
    values = IMAGES.movedim(1, -1)[mask].long()
    assert selected.sum == tuple(values.sum(dim=0).tolist())
    assert selected.sum_of_squares == tuple((values**2).sum(dim=0).tolist())
    assert selected.selection.excluded == (50 * 63 - int(mask.sum()),) * 3
    assert "would see all of them" in selected.reasons["batchnorm"]


def test_one_image_and_features():
    """(C, H, W) is one image; the rows of (N, C) are samples."""
    one = bnstat.Accumulator().update(IMAGES[0]).update(IMAGES[1]).compute()
    assert one.sum == tuple(IMAGES[:2].sum(dim=(0, 2, 3)).tolist())
    features = torch.randn(1000, 40, generator=torch.Generator().manual_seed(0)) * 5 + 300
    accumulator = accumulated(features, [400, 400, 200])
    stats, exact = accumulator.compute(), features.double().numpy()
    assert np.allclose(stats.mean, exact.mean(axis=0), rtol=1e-14)
    assert np.allclose(stats.std, exact.std(axis=0), rtol=1e-12)
    assert stats.count == (1000,) * 40 and stats.uncertainty is None
    layer = nn.BatchNorm1d(40).double()
    for batch in torch.split(features.double(), [400, 400, 200]):
        layer(batch)
    assert np.allclose(stats.methods["batchnorm"].mean, layer.running_mean, rtol=1e-12)
    with pytest.raises(ValueError, match="features and images do not go into one"):
        accumulator.update(IMAGES)


def test_another_number_of_channels():
    """It is refused at once, by itself or from another accumulator; nothing is added."""
    accumulator, gray = accumulated(IMAGES, 10), accumulated(IMAGES[:, :1], 10)
    sum_before = accumulator.compute().sum
    says = "^1 channel, where the batches before have 3; use an accumulator for each$"
    with pytest.raises(ValueError, match=says):
        accumulator.update(IMAGES[:5, :1])
    with pytest.raises(ValueError, match=says):
        accumulator.merge_state([gray])
    assert accumulator.compute().sum == sum_before


def test_merged_is_what_one_would_have_seen():
    """All figures but batchnorm, which knows no common order; the others stay as they are."""
    parts = [accumulated(each, 10) for each in torch.split(IMAGES, [20, 30])]
    whole = bnstat.Accumulator().merge_state(parts)
    assert figures(whole.compute()) == figures(accumulated(IMAGES).compute())
    assert whole.compute().methods["batchnorm"] is None
    assert "no common order" in whole.compute().reasons["batchnorm"]
    assert parts[0].compute().source.images == 20
    alone = bnstat.Accumulator().merge_state([parts[0]]).compute()
    assert alone.methods["batchnorm"] == parts[0].compute().methods["batchnorm"]


def test_state_is_saved_and_loaded():
    """By torch.save, with torch's own safe reader; an accumulator goes on from it."""
    labels = [str(i % 2) for i in range(50)]
    one = bnstat.Accumulator().update(IMAGES[:30], labels[:30])
    one.update(IMAGES[30:40], labels[30:40], mask=IMAGES[30:40, 0] > 9)
    file = io.BytesIO()
    torch.save(one.state_dict(), file)
    file.seek(0)
    two = bnstat.Accumulator()
    two.load_state_dict(torch.load(file, weights_only=True))
    for accumulator in (one, two):
        accumulator.update(IMAGES[40:] / 255, labels[40:])
    first, second = one.compute(), two.compute()
    assert figures(first) == figures(second)
    assert (first.groups, first.selection) == (second.groups, second.selection)
    assert one.reset().merge_state([]) is one
    with pytest.raises(MeasureError, match="no batch was added yet"):
        one.compute()


def test_precision_far_from_zero():
    """float32 samples near 10,000: numpy's figures in float64, to 1e-12."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.normal(1e4, 1, (64, 3, 50, 50)).astype(np.float32))
    stats, exact = accumulated(images, 16).compute(), images.double().numpy()
    assert np.allclose(stats.mean, exact.mean(axis=(0, 2, 3)), rtol=1e-13)
    assert np.allclose(stats.std, exact.std(axis=(0, 2, 3)), rtol=1e-12)


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (torch.full((1, 3, 2, 2), float("nan")), "image 0 of the batch has NaN or infinite"),
        (torch.zeros(3, 2, 2, dtype=torch.int64), "image 0 of the batch became int64 samples"),
        (torch.zeros(5), r"a batch is .* and this is \(5,\)"),
        (torch.zeros(0, 3, 2, 2), r"and this is \(0, 3, 2, 2\)"),
        ("images", "and this is <class 'str'>"),
    ],
)
def test_bad_batch_adds_nothing(batch, said):
    """It is a ValueError that says why, and what was added before stays."""
    accumulator = accumulated(IMAGES)
    before = accumulator.compute().sum
    with pytest.raises(ValueError, match=said):
        accumulator.update(batch)
    assert accumulator.compute().sum == before
    with pytest.raises(ValueError, match="50 images, and groups 2 names"):
        accumulator.update(IMAGES, [0, 1])
    with pytest.raises(ValueError, match=r"a mask of shape .* does not fit"):
        accumulator.update(IMAGES, mask=np.ones((50, 2, 2)))


def test_watching_the_first_epoch_of_a_training():
    """Batches pass as they are; the model is trained, and the figures are those of compute."""
    loader = DataLoader(TensorDataset(IMAGES.float() / 255, torch.arange(50) % 2), batch_size=16)
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(189, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    accumulator = bnstat.Accumulator()
    for images, labels in accumulator.watch(loader):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    stats = accumulator.compute()
    assert figures(stats) == figures(bnstat.compute(loader))
    assert np.allclose(stats.methods["batchnorm"].mean, model[0].running_mean, rtol=1e-5)


def test_measuring_is_of_the_first_pass():
    """Later passes go by; what is left early has the figures of what was seen."""
    loader = DataLoader(TensorDataset(IMAGES), batch_size=10)
    with bnstat.measuring(loader, momentum=None) as batches:
        passes = [sum(len(images) for (images,) in batches) for _ in range(3)]
    assert (passes, len(batches)) == ([50] * 3, 5)
    assert figures(batches.stats) == figures(accumulated(IMAGES).compute())
    assert batches.stats.methods["batchnorm"].momentum is None
    with bnstat.measuring(loader) as batches:
        next(iter(batches))
    assert batches.stats.source.images == 10


def _rank(rank, path):
    import torch.distributed as dist

    dist.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    own, whole = accumulated(IMAGES[rank::2], 5).sync().compute(), accumulated(IMAGES).compute()
    assert (own.count, own.sum, own.histogram) == (whole.count, whole.sum, whole.histogram)
    dist.destroy_process_group()
    os._exit(0)


def test_sync_over_ranks(tmp_path):
    """Every rank has what all have seen."""
    context = multiprocessing.get_context("fork")
    ranks = [context.Process(target=_rank, args=(rank, tmp_path / "s")) for rank in (0, 1)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(60)
    assert [process.exitcode for process in ranks] == [0, 0]


def test_sums_on_a_device_are_the_same():
    """What a GPU does, done on the CPU: the same integers, floats to 1e-14."""
    from bnstat.measure import count_batches

    (expected,), _ = count_batches.count_stack(IMAGES.numpy())
    found = count_batches._8_bits_on_device(torch.split(IMAGES, 7))
    assert np.array_equal(found.table.sum_or_mean, expected.table.sum_or_mean)
    assert np.array_equal(found.table.sumsq_or_m2, expected.table.sumsq_or_m2)
    assert np.array_equal(found.histogram, expected.histogram)
    floats = IMAGES.float() / 255
    floats[3, 0, 0, 0] = float("inf")
    (expected,), failures = count_batches.count_stack(floats.numpy())
    (found,), same = count_batches._floats_on_device(torch.split(floats, 7))
    assert failures == same == [(3, "has NaN or infinite samples")]
    assert np.allclose(found.table.sum_or_mean, expected.table.sum_or_mean, rtol=1e-14)
    assert np.allclose(found.table.sumsq_or_m2, expected.table.sumsq_or_m2, rtol=1e-13)
