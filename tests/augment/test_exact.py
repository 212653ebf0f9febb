"""Figures under a pipeline: exact, and those that torch itself would have."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

import bnstat
from bnstat.augment import Draws, caller_undisturbed, read
from bnstat.decode.modes import in_8_bits
from bnstat.estimators import Schedule

RANDOM = "RandomResizedCrop(12, scale=(0.3, 1.0)) | ColorJitter(0.4, 0.4, 0.4, 0.1)"
RANDOM_FLOATS = f"{RANDOM} | ToImage | ToDtype(float32, scale=True) | GaussianBlur(3)"


def drawn(folder, spec, epochs, seed=0):
    """Return the outputs of all draws by epoch and then image, as numpy arrays (C, H, W)."""
    draws = Draws(read(spec), seed, epochs)
    images = []
    with caller_undisturbed():
        for path in sorted(folder.rglob("*.png")):
            key = path.relative_to(folder).as_posix().encode()
            with Image.open(path) as image:
                stages = [list(draws.draw(image, key, epoch)) for epoch in range(epochs)]
                images.append([v2.functional.to_image(drawn.output).numpy() for (drawn,) in stages])
    return [list(epoch) for epoch in zip(*images, strict=True)]


def test_flip_changes_no_figure(photos):
    """RandomHorizontalFlip alone gives the very same sums as no pipeline."""
    plain = bnstat.compute(photos, workers=1)
    flipped = bnstat.compute(photos, augment="RandomHorizontalFlip(p=0.5)", workers=1)
    for name in ("count", "sum", "sum_of_squares", "histogram", "methods", "conventions", "scale"):
        assert getattr(plain, name) == getattr(flipped, name)


def test_inverting_inverts_to_the_digit(photos):
    """RandomInvert(p=1.0) makes Σx into 255·n − Σx and leaves the variance as it is."""
    plain = bnstat.compute(photos, workers=1)
    turned = bnstat.compute(photos, augment="RandomInvert(p=1.0)", epochs=3, workers=1)
    assert turned.sum == tuple(
        3 * (255 * n - s) for n, s in zip(plain.count, plain.sum, strict=True)
    )
    assert plain.exact.var == turned.exact.var
    assert [list(channel)[::-1] for channel in plain.histogram] == [
        [value // 3 for value in channel] for channel in turned.histogram
    ]


def test_equals_a_plain_loop_over_an_image_folder(photos, tmp_path):
    """Resize and CenterCrop give what torchvision's ImageFolder and float64 give."""
    stats = bnstat.compute(photos, augment="Resize(24) | CenterCrop(20)", workers=1)
    (tmp_path / "all").symlink_to(photos)
    loader = ImageFolder(tmp_path, v2.Compose([v2.Resize(24), v2.CenterCrop(20), v2.PILToTensor()]))
    pixels = torch.stack([image for image, _ in loader]).double() / 255
    assert 6 == len(loader) == stats.source.images
    assert pytest.approx(pixels.mean(dim=(0, 2, 3)).tolist(), abs=1e-12) == stats.mean
    assert pytest.approx(pixels.var(dim=(0, 2, 3), correction=0).tolist(), abs=1e-12) == stats.var


def test_integer_sums_are_those_of_a_second_read(varied):
    """Sums of integer output are those of the same draws, added up as Python integers."""
    stats = bnstat.compute(varied, augment=RANDOM, epochs=3, workers=1)
    images = [image for epoch in drawn(varied, RANDOM, 3) for image in epoch]
    samples = np.concatenate([image.reshape(3, -1) for image in images], axis=1).astype(object)
    assert (samples.shape[1],) * len(samples) == stats.count
    assert tuple(samples.sum(axis=1)) == stats.sum
    assert tuple((samples**2).sum(axis=1)) == stats.sum_of_squares


def test_float_two_pass_is_that_of_a_literal_second_read(varied):
    """Mean and variance of float output are those of two passes over the same draws."""
    spec = "Resize(14) | " + RANDOM_FLOATS.partition(" | ")[2]
    stats = bnstat.compute(varied, augment=spec, epochs=2, workers=1)
    images = [image for epoch in drawn(varied, spec, 2) for image in epoch]
    for channel in range(3):
        values = np.concatenate([image[channel].ravel() for image in images]).astype(np.float64)
        mean = math.fsum(values) / len(values)
        var = math.fsum((values - mean) ** 2) / len(values)
        assert pytest.approx(mean, rel=1e-12) == stats.mean[channel]
        assert pytest.approx(var, rel=1e-12) == stats.var[channel]
        assert pytest.approx(mean, rel=1e-12) == stats.methods["welford"].mean[channel]
        assert pytest.approx(var, rel=1e-12) == stats.methods["welford"].var[channel]


@pytest.mark.parametrize("momentum", [0.1, None], ids=["momentum", "cumulative"])
@pytest.mark.parametrize("order", ["shuffled", "listed"])
@pytest.mark.parametrize("spec", [RANDOM, RANDOM_FLOATS], ids=["integers", "floats"])
def test_batchnorm_is_what_torch_holds(spec, order, momentum, tiles):
    """BatchNorm2d in float64, fed the same augmented batches in the same order, agrees."""
    schedule = {"batch_size": 4, "momentum": momentum, "order": order, "seed": 3, "epochs": 2}
    stats = bnstat.compute(tiles, augment=spec, workers=1, **schedule)
    keys = [path.name.encode() for path in sorted(tiles.iterdir())]
    layer = torch.nn.BatchNorm2d(3, momentum=momentum, dtype=torch.float64)
    epochs = drawn(tiles, spec, 2, seed=3)
    for images, positions in zip(epochs, Schedule(**schedule).orders(keys), strict=True):
        seen = torch.from_numpy(np.stack(images)[positions]).double()
        for batch in (seen / (255 if spec == RANDOM else 1)).split(4):
            layer(batch)
    found = stats.methods["batchnorm"]
    assert 6 == layer.num_batches_tracked == found.batches
    assert pytest.approx(layer.running_mean.tolist(), rel=1e-12) == found.mean
    assert pytest.approx(layer.running_var.tolist(), rel=1e-12) == found.var


def test_pipeline_gets_16_bit_gray_rounded():
    """Each 16-bit gray value v reaches a pipeline as v/257, rounded to the nearest."""
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    image = in_8_bits(Image.fromarray(values), "L")
    assert ("L", (256, 256)) == (image.mode, image.size)
    assert np.round(values / 257).astype(int).tolist() == np.asarray(image).tolist()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_pipeline_gets_the_asked_mode(mode, photos, module):
    """A pipeline's image has 8 bits and the asked mode, whatever the file has."""
    name = module("modes = set()\ndef T(image):\n    modes.add(image.mode)\n    return image")
    stats = bnstat.compute(photos, augment=f"{name}:T", mode=mode, workers=1)
    import sys

    assert {mode} == sys.modules[name].modes
    assert bnstat.compute(photos, mode=mode, workers=1).sum == stats.sum
