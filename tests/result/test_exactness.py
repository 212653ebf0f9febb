"""A figure is called exact only where nothing was sampled or drawn at random."""

from dataclasses import replace

import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from bnstat.augment import read, toml
from bnstat.result import DETERMINISTIC, MeanAndStd, Pipeline, Sample, Stats, Uncertainty
from bnstat.result import exactness as in_words

SPECS = {
    "CenterCrop": "CenterCrop(5)",
    "ConvertImageDtype": "ToImage | ConvertImageDtype(float32)",
    "FiveCrop": "FiveCrop(5)",
    "Normalize": "ToImage | ToDtype(float32, scale=True) | Normalize([0.5], [0.5])",
    "Pad": "Pad(2)",
    "Resize": "Resize(7)",
    "TenCrop": "TenCrop(5)",
    "ToDtype": "ToImage | ToDtype(float32)",
    "ToPILImage": "ToImage | ToPILImage()",
}


@pytest.fixture
def stats(pytestconfig):
    """The newest document of tests/golden."""
    return Stats.load(pytestconfig.rootpath / "tests/golden/stats-v2.json")


def is_random(transforms):
    """Return whether a pipeline of these transforms is said to draw at random."""
    return Pipeline(None, transforms, seed=0, epochs=1).is_random


def drawn(transform, image, seed):
    """Return what a transform makes of an image after seeding, as tensors."""
    torch.manual_seed(seed)
    output = transform(image.copy())
    outputs = output if isinstance(output, tuple) else [output]
    return [o if isinstance(o, torch.Tensor) else v2.functional.pil_to_tensor(o) for o in outputs]


@pytest.mark.filterwarnings("ignore:The transform `ToTensor:UserWarning")
@pytest.mark.parametrize("name", sorted(DETERMINISTIC - {"LinearTransformation"}))
def test_what_is_called_deterministic_is(name):
    """No seed changes what such a transform makes of an image."""
    recipe = read(SPECS.get(name, name), keep_normalize=True)
    assert not is_random(recipe.transforms)
    image = Image.effect_noise((9, 8), 80)
    first, *others = (drawn(recipe.build(), image, seed) for seed in range(8))
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_presets():
    """Those for evaluation draw nothing at random, those for training do."""
    exact = [n for n in toml.preset_names() if not is_random(read(n).transforms)]
    assert ["grayscale", "imagenet-eval"] == exact


@pytest.mark.parametrize(
    ("transforms", "epochs", "words"),
    [
        ((), 3, "exact"),
        (("Resize(8)", "CenterCrop(4)"), 2, "exact"),
        (("Resize(8)", "RandomCrop(4)"), 1, "of one random draw of each image, seed 7"),
        (("RandomCrop(4)",), 1000, "of 1,000 random draws of each image, seed 7"),
        (("mypipe:train",), 2, "of 2 random draws of each image, seed 7"),
    ],
)
def test_words(stats, transforms, epochs, words):
    """What is not exact says of how many draws it is, and of which seed."""
    pipeline = replace(stats.pipeline, transforms=transforms, epochs=epochs, seed=7)
    stats = replace(stats, pipeline=pipeline, sample=None, uncertainty=None)
    assert (words == "exact", words) == (stats.is_exact, in_words(stats))


def test_samples(stats):
    """A sample is not exact, but for one of all images; what the document says counts first."""
    part = replace(stats, sample=Sample(3, 50, "5%", 1), uncertainty=None)
    assert ("sample",) == part.uncertain_by
    assert "of 3 of 50 images, seed 1" == in_words(part)
    assert replace(part, sample=Sample(3, 3, "100%", 1)).is_exact
    spread = MeanAndStd((0.1,), (0.1,))
    known = replace(stats, uncertainty=Uncertainty(0.95, ("draws",), spread, True, spread))
    assert ("draws",) == known.uncertain_by


def test_old_documents(pytestconfig):
    """Of a version 1 document it is told from its transforms."""
    stats = Stats.load(pytestconfig.rootpath / "tests/golden/stats-v1.json")
    assert (True, ()) == (stats.is_exact, stats.uncertain_by)
    drawn = replace(stats, pipeline=replace(stats.pipeline, transforms=("RandomCrop(4)",)))
    assert (False, ("draws",)) == (drawn.is_exact, drawn.uncertain_by)
