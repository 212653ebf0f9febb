"""Sizes, as a pipeline's text tells them."""

import pytest

from bnstat.augment import read
from bnstat.targets.pipeline import Geometry, geometry


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("imagenet-eval", Geometry(256, "bilinear", (224, 224))),
        ("imagenet-train", Geometry((224, 224), "bilinear", None)),
        ("simclr", Geometry((224, 224), "bicubic", None)),
        ("cifar-train", Geometry(None, "bilinear", (32, 32))),
        ("colorjitter", Geometry()),
        ("Resize((256, 128))", Geometry((256, 128), squashed=True)),
        ("Resize([64]) | RandomCrop((32, 24))", Geometry(64, "bilinear", (32, 24))),
        ("Resize(256) | CenterCrop(224) | Resize((32, 32))", Geometry((32, 32), squashed=True)),
        ("Pad(4)", Geometry()),
        ("Resize(64, interpolation=BICUBIC)", Geometry(64, "bicubic")),
        ("Resize(64, interpolation=NEAREST_EXACT)", Geometry(64, "nearest")),
        ("Resize(64, interpolation=3)", Geometry(64, "bicubic")),
        ("Resize(64, interpolation=0)", Geometry(64, "nearest")),
        ("ColorJitter(0.4) | RandomResizedCrop(size=96)", Geometry((96, 96))),
    ],
)
def test_sizes_of_a_pipeline(spec, expected):
    """From the canonical text that documents hold."""
    assert geometry(read(spec).transforms) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("my.module:transform", "", "Resize(", "Resize()", "Resize(size=None)", "Resize(size=-3)"),
        *("[1]", "Resize(size=[1, 2, 3])", "Resize(size='big')", "Resize(size=x())", "f.Resize(3)"),
        "(" * 500,
    ],
)
def test_what_tells_no_size_is_passed(text):
    """Text of a document may be anything."""
    assert geometry([text]) == Geometry()


def test_final_size():
    """That of every image, where all have one."""
    assert Geometry(256, crop=(224, 224)).final == (224, 224)
    assert Geometry((32, 24)).final == (32, 24)
    assert Geometry(256).final is None
    assert Geometry().final is None
