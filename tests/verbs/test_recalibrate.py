"""`recalibrate`: the figures, against numpy and torch, however the images come."""

import copy
import itertools
import re
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.transforms import v2

import bnstat

sys.path.insert(0, str(Path(__file__).parent))
import nets

IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
NORMALIZE = v2.Compose(
    [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(*IMAGENET)]
)
CROPPED = v2.Compose([v2.CenterCrop(16), NORMALIZE])
HOW = {"stats": "imagenet", "tolerance": 1e-6}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The model's weights."""
    path = tmp_path_factory.mktemp("weights") / "w.pt"
    torch.save(nets.make().state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def found_as_a_module(monkeypatch):
    """Workers import the model by name."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))


def as_batches(folder, draw=NORMALIZE):
    """Return the images of a folder as torchvision makes them, one a batch."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return [draw(Image.open(path).convert("RGB"))[None] for path in paths]


def loaded(path):
    model = nets.make()
    model.load_state_dict(torch.load(path, weights_only=True))
    return model


def recalibrated(source, weights, output, **settings):
    done = bnstat.recalibrate(
        "nets:make", source, weights=weights, output=output, **{"workers": 1} | HOW | settings
    )
    return done, loaded(output)


@pytest.fixture(scope="module")
def reference(photos, weights, tmp_path_factory):
    """What one worker finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        return recalibrated(photos, weights, tmp_path_factory.mktemp("out") / "w.pt")


def test_it_is_the_fixed_point(reference, photos, weights):
    """Every layer has the statistics of what it is given: numpy's, of one image after the other."""
    done, model = reference
    batches = as_batches(photos)

    assert nets.farthest(model, batches) <= 2e-5
    assert nets.farthest(loaded(weights), batches) > 0.1
    # stem; left and right; behind, which depends on both; vectors
    assert (done.passes, done.settled, done.images, done.unused) == (4, True, 6, ("unused",))


def test_what_changes(reference, weights):
    """Statistics of the layers that are called, and nothing else; each image counts as a batch."""
    before, after = nets.make().state_dict(), reference[1].state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    called = ("stem.1", "left.1", "right.1", "behind", "vectors")
    names = ("running_mean", "running_var", "num_batches_tracked")

    assert changed == {f"{layer}.{name}" for layer, name in itertools.product(called, names)}
    assert after["behind.num_batches_tracked"] == 6


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 1},
        {"batch_size": 7},
        {"batch_size": 64},
        {"cache": 0},
        {"device": "cpu"},
        {"workers": 2},
        {"workers": 2, "cache": 0},
        {"workers": 2, "timeout": 60.0},
        {"workers": 2, "device": "cpu"},
    ],
    ids=str,
)
def test_what_it_does_not_depend_on(reference, photos, weights, tmp_path, settings):
    """Batch size, memory, workers, device."""
    _, model = recalibrated(photos, weights, tmp_path / "w.pt", **settings)

    assert distance(model, reference[1]) <= 2e-5


def test_the_order_and_the_shards_of_the_images(reference, photos, weights, tmp_path):
    """A shuffled list, and three archives, one of them compressed and so not read twice."""
    paths = [path for path in photos.rglob("*.*") if path.suffix != ".txt"]
    (tmp_path / "list").write_text("\n".join(map(str, paths[::-1])))
    for i, mode in enumerate(("w", "w", "w:gz")):
        with tarfile.open(tmp_path / f"{i}.tar{'.gz' * (i == 2)}", mode) as archive:
            for path in paths[i::3]:
                archive.add(path, f"{i}/{path.parent.name}-{path.name}")
    _, listed = recalibrated([], weights, tmp_path / "a.pt", files_from=tmp_path / "list")
    shards = [tmp_path / name for name in ("0.tar", "1.tar", "2.tar.gz")]
    for cache in ("1GB", "0"):
        _, sharded = recalibrated(shards, weights, tmp_path / f"{cache}.pt", cache=cache)
        assert distance(sharded, reference[1]) <= 2e-5

    assert distance(listed, reference[1]) <= 2e-5


def distance(one, other):
    """Return how far the statistics of two models are apart, at most."""
    off = []
    for name, layer in one.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            beside = other.get_submodule(name)
            std = (layer.running_var + layer.eps).sqrt()
            off.append(((layer.running_mean - beside.running_mean) / std).abs().max())
            ratio = (layer.running_var + 1e-12) / (beside.running_var + 1e-12)
            off.append((ratio - 1).abs().max())
    return float(max(off))


def test_a_module_is_changed_in_place(reference, photos, weights):
    """And its modes and hooks stay as they were."""
    model = loaded(weights).train()
    model.right.eval()
    bnstat.recalibrate(model, photos, workers=1, **HOW)

    assert distance(model, reference[1]) <= 2e-5
    assert model.training and model.stem[1].training and not model.right[1].training
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_check_changes_nothing(photos, weights):
    """One pass; what it says is what numpy says of the model as it is."""
    model = loaded(weights)
    found = bnstat.recalibrate(model, photos, workers=1, check=True, stats="imagenet")
    expected = nets.looked_at(loaded(weights), as_batches(photos))

    assert found.passes == 1
    assert distance(model, loaded(weights)) == 0.0
    assert [layer.worst for layer in found.layers] == sorted(
        (layer.worst for layer in found.layers), reverse=True
    )
    for layer in found.layers:
        mean, var, unbiased = expected[layer.name]
        off, ratio = np.abs(mean) / np.sqrt(var + 1e-5), (1 + 1e-5) / (unbiased + 1e-5)
        figures = layer.mean, layer.mean_rms, layer.variance_low, layer.variance_high
        wanted = off.max(), np.sqrt((off**2).mean()), ratio.min(), ratio.max()
        assert figures == pytest.approx(wanted, rel=1e-4)


def test_the_pipelines_own_normalize(reference, photos, weights, tmp_path):
    """Applied, and nothing else; the same figures as with named constants."""
    text = (
        "ToImage | ToDtype(float32, scale=True) | "
        "Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])"
    )
    for augment in (text, NORMALIZE):
        _, model = recalibrated(photos, weights, tmp_path / "w.pt", augment=augment, stats=None)
        assert distance(model, reference[1]) <= 2e-5


@pytest.mark.parametrize("end", ["ToImage", "ToImage | ToDtype(float32, scale=True)"])
def test_an_image_is_the_same_in_every_form(photos, weights, tmp_path, end):
    """As an 8-bit image or tensor, and as floats in [0, 1]."""
    _, image = recalibrated(photos, weights, tmp_path / "a.pt", augment="CenterCrop(16)")
    _, other = recalibrated(photos, weights, tmp_path / "b.pt", augment=f"CenterCrop(16) | {end}")

    assert distance(image, other) <= 1e-5


def test_random_draws(photos, weights, tmp_path):
    """Each image as often as there are epochs, each pass with the same draws."""
    augment = "RandomResizedCrop(16) | RandomHorizontalFlip()"
    settings = {"augment": augment, "epochs": 3}
    done, model = recalibrated(photos, weights, tmp_path / "a.pt", **settings)
    _, anew = recalibrated(photos, weights, tmp_path / "b.pt", **settings, cache=0)
    _, other = recalibrated(photos, weights, tmp_path / "c.pt", **settings, seed=1)

    assert distance(model, anew) == 0.0
    assert distance(model, other) > 1e-3
    assert (done.epochs, int(model.behind.num_batches_tracked)) == (3, 18)
    assert {layer.samples for layer in done.layers} == {18, 18 * 8 * 8}


def test_a_result_says_how_the_images_are_drawn(photos, weights, tmp_path):
    """Its pipeline, epochs and seed; and it is what the images are normalized with, if named."""
    result = bnstat.compute(photos, augment="RandomCrop(12)", epochs=2, seed=3, workers=1)
    result.save(tmp_path / "bnstat.json")
    constants = ",".join(map(str, result.mean)) + "/" + ",".join(map(str, result.std))
    _, one = recalibrated(result, weights, tmp_path / "a.pt", stats=tmp_path / "bnstat.json")
    _, other = recalibrated(
        photos,
        weights,
        tmp_path / "b.pt",
        **{"augment": "RandomCrop(12)", "epochs": 2, "seed": 3, "stats": constants},
    )

    assert distance(one, other) == 0.0


def test_images_that_cannot_be_measured(photos, weights, tmp_path, reference):
    """They are named, and add nothing."""
    import shutil

    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos" / "empty.jpg").touch()
    done, model = recalibrated(tmp_path / "photos", weights, tmp_path / "w.pt", workers=2)

    assert [(f.image, f.reason) for f in done.failures] == [("empty.jpg", "is empty")]
    assert (done.images, distance(model, reference[1]) <= 2e-5) == (6, True)
    with pytest.raises(bnstat.MeasureError, match=r"^empty.jpg: is empty$"):
        recalibrated(tmp_path / "photos", weights, tmp_path / "w.pt", fail_fast=True)


def not_a_number(image):
    """A pipeline whose output no layer can be given."""
    return torch.full((3, 8, 8), float("nan"))


def integers(image):
    """A pipeline whose samples have no known scale."""
    return torch.ones((3, 8, 8), dtype=torch.int32)


def broken(image):
    """A pipeline that fails."""
    raise ValueError("of no use")


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (not_a_number, "became NaN or infinite samples"),
        (integers, "became int32 samples, which have no known scale"),
        (broken, "the pipeline failed: ValueError: of no use"),
    ],
)
def test_pipelines_that_make_nothing_to_measure(photos, weights, draw, reason):
    """Each image is named, with what became of it."""
    with pytest.raises(bnstat.MeasureError) as error:
        recalibrated(photos, weights, None, augment=draw, check=True)
    assert {said for _, said in error.value.failures} == {reason}


class ByBrightness(nn.Module):
    """Calls its layers in the order that an image asks for."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.BatchNorm2d(3), nn.BatchNorm2d(3)

    def forward(self, images):
        if images.mean() > 0.5:
            return self.one(self.other(images))
        return self.other(self.one(images))


@pytest.mark.parametrize(
    "images",
    [
        pytest.param(1, id="in a chunk"),
        pytest.param(512, id="in two chunks", marks=pytest.mark.long),
    ],
)
def test_layers_that_are_called_in_another_order(tmp_path, images):
    """What one is given then depends on the image, and on no statistics of the set."""
    for value in (0, 255):
        Image.new("RGB", (4, 4), (value,) * 3).save(tmp_path / f"{value}.png")
        for i in range(1, images):
            (tmp_path / f"{value}-{i}.png").hardlink_to(tmp_path / f"{value}.png")
    says = "the model calls its BatchNorm layers in another order from image to image (one first)"
    with pytest.raises(bnstat.ModelError, match="^" + re.escape(says)):
        bnstat.recalibrate(ByBrightness(), tmp_path, stats="none", workers=1, batch_size=1)


def test_half_precision(photos):
    """Activations are summed as float64; statistics are rounded to the model's own dtype."""
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4))
    half = copy.deepcopy(model).bfloat16()
    bnstat.recalibrate(half, photos, workers=1, **HOW)
    given = [images.bfloat16() for images in as_batches(photos)]

    assert half[1].running_mean.dtype == torch.bfloat16
    assert nets.farthest(half, given) <= 2**-7  # half a unit in bfloat16's last place


def test_one_pass_may_be_enough(photos, weights, tmp_path):
    """What is settled already does not move, and deep layers need not be waited for."""
    recalibrated(photos, weights, tmp_path / "w.pt")
    done, _ = recalibrated(photos, tmp_path / "w.pt", tmp_path / "again.pt", tolerance=1e-3)

    assert (done.passes, done.settled) == (1, True)
    assert done.moved <= 1e-5


def test_at_most_so_many_passes(photos, weights, tmp_path):
    """It is said that statistics still move."""
    done, _ = recalibrated(photos, weights, tmp_path / "w.pt", max_passes=2)

    assert (done.passes, done.settled) == (2, False)
    assert done.moved > 0.01


class FarFromZero(nn.Module):
    """A BatchNorm layer of what has a mean of 1e4 and a standard deviation of 1."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, images):
        return self.norm(images + 1e4)


def precise(model, batches):
    """fvcore's update_bn_stats, by its formula: E[x²] − E[x]² of batches, in the buffers' dtype.

    https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/precise_bn.py: all layers in
    training mode, so that each is given what the batch's own statistics make.
    """
    totals = {}

    def add(layer, given, _):
        n = given[0].numel() // given[0].shape[1]
        square = layer.running_mean**2 + layer.running_var * ((n - 1) / n)
        seen, *means = totals.get(layer, (0, 0.0, 0.0))
        both = zip(means, (layer.running_mean, square), strict=True)
        totals[layer] = (seen + n, *(old + (new - old) * (n / (seen + n)) for old, new in both))

    layers = [x for x in model.modules() if isinstance(x, nn.modules.batchnorm._BatchNorm)]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
    with torch.no_grad():
        for batch in batches:
            model.train()(batch)
    for layer, (_, mean, square) in totals.items():
        layer.running_mean.copy_(mean)
        layer.running_var.copy_(square - mean**2)
    for hook in hooks:
        hook.remove()
    return model.eval()


def by(size, batches):
    return [torch.cat(batches[i : i + size]) for i in range(0, len(batches), size)]


def test_no_digit_is_lost_far_from_zero(photos):
    """Float64 finds the same variance in what the layer is given; fvcore's formula does not."""
    ours, theirs = FarFromZero(), precise(FarFromZero(), as_batches(photos))
    bnstat.recalibrate(ours, photos, workers=1, **HOW)
    [(mean, _, unbiased)] = nets.looked_at(FarFromZero(), as_batches(photos)).values()

    assert ours.norm.running_var.numpy() == pytest.approx(unbiased, rel=1e-7)
    assert ours.norm.running_mean.tolist() == np.float32(mean).tolist()
    assert np.abs(theirs.norm.running_var.numpy() / unbiased - 1).max() > 1


def test_what_others_put_there_depends_on_batches(photos, weights, tmp_path):
    """torch's update_bn and fvcore's formula: among themselves by far more than bnstat's error."""
    batches = as_batches(photos, CROPPED)
    _, ours = recalibrated(photos, weights, tmp_path / "w.pt", augment="CenterCrop(16)")
    models = [ours, *(loaded(weights) for _ in range(4))]
    for model, given in zip(models[1:3], (by(2, batches), by(3, batches)), strict=True):
        torch.optim.swa_utils.update_bn(given, model.train())
        model.eval()
    for model, given in zip(models[3:], (by(2, batches), by(3, batches)), strict=True):
        precise(model, given)

    for one, other in itertools.combinations(models, 2):
        assert distance(one, other) > 1e-3
    assert nets.farthest(ours, batches) <= 2e-5
    assert all(nets.farthest(model, batches) > 0.01 for model in models[1:])


def test_fvcore_itself(photos, weights):
    """Its own function gives what its formula does here; it sets a layer without a use to 0."""
    precise_bn = pytest.importorskip("fvcore.nn.precise_bn", reason="fvcore is missing")
    batches = by(2, as_batches(photos, CROPPED))
    theirs = loaded(weights).train()
    precise_bn.update_bn_stats(theirs, batches, num_iters=len(batches), progress=None)

    ours = precise(loaded(weights), batches)

    assert theirs.unused.running_var.tolist() == [0.0, 0.0, 0.0]
    del theirs.unused, ours.unused
    assert distance(theirs, ours) <= 1e-5
