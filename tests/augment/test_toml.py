"""A TOML file: the same steps as inline text has, or an error that names the file."""

import pytest

from bnstat.augment import toml
from bnstat.augment.spec import compose
from bnstat.augment.steps import parse
from bnstat.errors import SpecError

NESTED = """
description = "A bit of everything"
source = "https://example.org"

[[transforms]]
name = "Resize"
size = [32, 48]
interpolation = "bicubic"
antialias = true

[[transforms]]
name = "RandomChoice"
p = [0.25, 0.75]

[[transforms.transforms]]
name = "RandomApply"
p = 0.5

[[transforms.transforms.transforms]]
name = "GaussianBlur"
kernel_size = 3
sigma = [0.1, 2.0]

[[transforms.transforms]]
name = "RandomOrder"
transforms = [{ name = "Grayscale", num_output_channels = 3 }, { name = "RandomInvert", p = 1 }]

[[transforms]]
name = "AutoAugment"
policy = "cifar10"

[[transforms]]
name = "ToImage"

[[transforms]]
name = "ToDtype"
dtype = "float32"
scale = true
"""

NESTED_TEXT = (
    "Resize(size=[32, 48], interpolation=InterpolationMode.BICUBIC, antialias=True)",
    "RandomChoice(p=[0.25, 0.75], transforms=["
    "RandomApply(p=0.5, transforms=[GaussianBlur(kernel_size=3, sigma=[0.1, 2.0])]), "
    "RandomOrder(transforms=[Grayscale(num_output_channels=3), RandomInvert(p=1)])])",
    "AutoAugment(policy=AutoAugmentPolicy.CIFAR10)",
    "ToImage()",
    "ToDtype(dtype=float32, scale=True)",
)


def test_reads_transforms_in_order_nested_and_by_name():
    """Each table is a transform with its arguments; strings name enum members and dtypes."""
    steps = toml.parse(NESTED, "my.toml").steps
    assert NESTED_TEXT == tuple(map(str, steps))
    assert steps == parse(" | ".join(NESTED_TEXT))
    compose(steps)


def test_says_what_it_is_and_where_from():
    """A file's description and source are read; both may be missing."""
    file = toml.parse(NESTED, "my.toml")
    assert ("A bit of everything", "https://example.org") == (file.description, file.source)
    bare = toml.parse('[[transforms]]\nname = "Grayscale"', "my.toml")
    assert ("", "") == (bare.description, bare.source)


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ('interpolation = "nearest-exact"', "interpolation=InterpolationMode.NEAREST_EXACT"),
        ('interpolation = "BILINEAR"', "interpolation=InterpolationMode.BILINEAR"),
        ('interpolation = "InterpolationMode.BOX"', "interpolation=InterpolationMode.BOX"),
        ('policy = "imagenet"', "policy=AutoAugmentPolicy.IMAGENET"),
        ('policy = "AutoAugmentPolicy.SVHN"', "policy=AutoAugmentPolicy.SVHN"),
        ('dtype = "uint8"', "dtype=uint8"),
        ('dtype = "torch.float64"', "dtype=float64"),
        ('padding_mode = "bilinear"', "padding_mode='bilinear'"),
        ('value = "random"', "value='random'"),
    ],
)
def test_strings_are_words_where_an_argument_takes_them(argument, text):
    """A string means an enum member or dtype, in any spelling, for the arguments that take one."""
    (step,) = toml.parse(f'[[transforms]]\nname = "X"\n{argument}', "my.toml").steps
    assert f"X({text})" == str(step)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "my.toml has no [[transforms]]; each is a table with a name and arguments"),
        (
            "transforms = []",
            "my.toml has no [[transforms]]; each is a table with a name and arguments",
        ),
        (
            'transforms = {name = "Resize"}',
            "my.toml has no [[transforms]]; each is a table with a name and arguments",
        ),
        (
            "[[transforms]]\nsize = 3",
            'my.toml: a transform has no name; write name = "Resize"',
        ),
        ("transforms = [3]", 'my.toml: a transform has no name; write name = "Resize"'),
        (
            '[[transforms]]\nname = "Pad"\npadding = 2026-01-01',
            "my.toml: padding cannot be a date",
        ),
        (
            "name = ",
            "my.toml is not TOML: Invalid value (at end of document)",
        ),
    ],
)
def test_says_what_is_wrong(text, says):
    """An error names the file and what it lacks."""
    with pytest.raises(SpecError) as error:
        toml.parse(text, "my.toml")
    assert says == str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        "k" + ".k" * 5000 + " = 1",
        "k = " + "[" * 5000 + "]" * 5000,
        "k = inf",
        "k = -inf",
        "k = nan",
    ],
    ids=lambda value: value[:12],
)
def test_values_without_a_meaning_are_refused(value):
    """What is nested without end, or is no finite number, is a SpecError."""
    with pytest.raises(SpecError):
        toml.parse(f'[[transforms]]\nname = "X"\n{value}', "my.toml")


def test_files_that_cannot_be_read(tmp_path):
    """A missing file, a folder, one that is not UTF-8, a NUL: each is named with the reason."""
    (tmp_path / "latin.toml").write_bytes(b'description = "\xe9"')
    for name, says in {
        "none.toml": f"cannot read the pipeline {tmp_path}/none.toml: No such file or directory",
        "": f"cannot read the pipeline {tmp_path}: Is a directory",
        "latin.toml": f"the pipeline {tmp_path}/latin.toml is not UTF-8 text",
        "a\0.toml": f"cannot read the pipeline {tmp_path}/a\0.toml: embedded null byte",
    }.items():
        with pytest.raises(SpecError) as error:
            toml.load(tmp_path / name)
        assert says == str(error.value)
