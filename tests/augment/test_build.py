"""Steps to transforms: torchvision's own, or an error that says what is wrong and what exists."""

import pytest
import torch
from torchvision.transforms import v2

from bnstat.augment.spec import compose
from bnstat.augment.steps import parse
from bnstat.errors import SpecError


def test_builds_what_the_text_says():
    """Transforms come in order, with arguments resolved to torch's and torchvision's objects."""
    composed = compose(
        parse("Resize(16, interpolation=BICUBIC) | ToImage | ToDtype(float32, scale=True)")
    )
    resize, image, dtype = composed.transforms
    assert [v2.Resize, v2.ToImage, v2.ToDtype] == [type(resize), type(image), type(dtype)]
    assert v2.InterpolationMode.BICUBIC is resize.interpolation
    assert (torch.float32, True) == (dtype.dtype, dtype.scale)


def test_builds_nested_transforms():
    """RandomApply, RandomChoice and RandomOrder hold the transforms that stand in them."""
    (outer,) = compose(
        parse("RandomChoice([RandomApply([GaussianBlur(23)]), RandomOrder([Grayscale])])")
    ).transforms
    apply, order = outer.transforms
    assert v2.RandomChoice is type(outer)
    assert [v2.GaussianBlur] == [type(each) for each in apply.transforms]
    assert [v2.Grayscale] == [type(each) for each in order.transforms]


def test_no_steps_change_nothing(photo):
    """A pipeline of no transforms gives the image back."""
    assert compose(())(photo) is photo


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "ColourJitter(0.4)",
            "no transform 'ColourJitter' in torchvision.transforms.v2; did you mean ColorJitter?",
        ),
        (
            "resize(3)",
            "no transform 'resize' in torchvision.transforms.v2; did you mean Resize?",
        ),
        (
            "a" * 500,
            f"no transform '{'a' * 57}...' in torchvision.transforms.v2; bnstat pipelines lists "
            "the presets",
        ),
        (
            "RandomApply([RandomHorizontalFlop])",
            "no transform 'RandomHorizontalFlop' in torchvision.transforms.v2; "
            "did you mean RandomHorizontalFlip?",
        ),
        (
            "Resize(sise=3)",
            "Resize has no argument 'sise'; it takes size, interpolation, max_size, antialias",
        ),
        (
            "GaussianBlur(22)",
            "GaussianBlur: Kernel size value should be an odd and positive number., "
            "in GaussianBlur(22)",
        ),
        (
            "Resize",
            "Resize needs size: Resize(size=...)",
        ),
        (
            "ColorJitter(hue=-2)",
            "ColorJitter: If hue is a single number, it must be non negative., "
            "in ColorJitter(hue=-2)",
        ),
    ],
)
def test_says_what_is_wrong(text, says):
    """An error names the transform, what is wrong with it, and what exists."""
    with pytest.raises(SpecError) as error:
        compose(parse(text))
    assert says == str(error.value)


@pytest.mark.parametrize(
    "name", ["Transform", "InterpolationMode", "functional", "torch", "nn.Sequential", "__name__"]
)
def test_only_transforms_can_be_built(name):
    """What else there is in torchvision.transforms.v2 has no meaning in a pipeline."""
    with pytest.raises(SpecError, match=f"no transform '{name}' in torchvision"):
        compose(parse(name))


@pytest.mark.parametrize("argument", ["interpolation='foo'", "interpolation=IMAGENET"])
def test_arguments_that_images_would_trip_over_are_refused(argument):
    """An interpolation that does not exist is found when it is built, not at each image."""
    with pytest.raises(SpecError):
        compose(parse(f"Resize(8, {argument})"))
