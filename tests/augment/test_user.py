"""The user's own transform, by package.module:attribute."""

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

import bnstat
from bnstat.augment import Draws, read, user
from bnstat.errors import SpecError

IMPORTS = """
import functools
import numpy as np
import torch
from PIL import ImageOps
from torch import nn
from torchvision import transforms as v1
from torchvision.transforms import v2

FLOATS = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
HALF = [0.5, 0.5, 0.5]
"""


@pytest.mark.parametrize(
    "text",
    [
        "T = v1.Compose([v1.RandomInvert(p=1.0)])",
        "T = v2.Compose([v2.RandomInvert(p=1.0)])",
        "T = v2.RandomInvert(p=1.0)",
        "T = nn.Sequential(v2.RandomInvert(p=1.0), v2.Identity())",
        "T = nn.Sequential(v2.RandomInvert(p=1.0), v2.PILToTensor())",
        "T = ImageOps.invert",
        "def T(image): return ImageOps.invert(image)",
        "T = lambda image: 255 - np.asarray(image)",
        "def T(image): image.paste(ImageOps.invert(image)); return image",
        "def T(): return v2.RandomInvert(p=1.0)",
        "def T(p=1.0): return v2.RandomInvert(p=p)",
        "T = lambda: v2.RandomInvert(p=1.0)",
        "T = functools.partial(v2.RandomInvert, p=1.0)()",
        "class T:\n    def __call__(self, image): return ImageOps.invert(image)",
        "class T(nn.Module):\n    def forward(self, image): return ImageOps.invert(image)",
        "class C:\n    @staticmethod\n    def make(): return v2.RandomInvert(p=1.0)\nT = C.make",
        "class C:\n    @classmethod\n    def of(cls, i): return ImageOps.invert(i)\nT = C.of",
    ],
)
def test_any_callable_on_an_image_or_what_makes_one(text, module, tiles):
    """Composes of v1 and v2, modules, functions, classes and factories all do what they do."""
    plain = bnstat.compute(tiles, workers=1)
    turned = bnstat.compute(tiles, augment=f"{module(IMPORTS + text)}:T", workers=1)
    assert tuple(255 * n - s for n, s in zip(plain.count, plain.sum, strict=True)) == turned.sum


def test_attribute_may_be_inside_another(module, photo):
    """What stands behind the colon may be dotted."""
    name = module(f"{IMPORTS}class Training:\n    transform = v2.CenterCrop(4)")
    assert (4, 4) == read(f"{name}:Training.transform").build()(photo).size


def test_image_is_the_users_to_change(module, tiles):
    """A transform that works in place gets a fresh image in each epoch, and spoils no other row."""
    spec = f"{module(f'{IMPORTS}def T(i): i.paste((9, 9, 9), (0, 0, 8, 8)); return i')}:T"
    once = bnstat.compute(tiles, augment=spec, workers=1)
    twice = bnstat.compute(tiles, augment=spec, epochs=2, workers=1)
    inverted = module(f"{IMPORTS}def T(i): i.paste(ImageOps.invert(i)); return i")
    turned = bnstat.compute(tiles, augment=f"{inverted}:T", epochs=2, workers=1)
    plain = bnstat.compute(tiles, workers=1)
    assert tuple(2 * total for total in once.sum) == twice.sum
    assert (
        tuple(2 * (255 * n - s) for n, s in zip(plain.count, plain.sum, strict=True)) == turned.sum
    )


ENDINGS = {
    "v1.Compose([v1.ToTensor(), v1.Normalize(HALF, HALF)])": ["ToTensor"],
    "v2.Compose([*FLOATS, v2.Normalize(HALF, HALF)])": ["ToImage", "ToDtype"],
    "v2.Compose([*FLOATS, v2.Normalize(HALF, HALF), v2.ToPureTensor()])": [
        *("ToImage", "ToDtype", "ToPureTensor"),
    ],
    "v2.Compose([v2.Identity(), v2.Compose([*FLOATS, v2.Normalize(HALF, HALF)])])": [
        *("Identity", "ToImage", "ToDtype"),
    ],
    "v2.Compose([*FLOATS, nn.Sequential(v2.Identity(), v2.Normalize(HALF, HALF))])": [
        *("ToImage", "ToDtype", "Identity"),
    ],
    "nn.Sequential(v2.PILToTensor(), v1.Normalize(HALF, HALF))": ["PILToTensor"],
    "v2.Compose([*FLOATS, v2.Normalize(HALF, HALF), v2.RandomErasing()])": None,
    "v2.Compose([*FLOATS, v2.RandomApply([v2.Normalize(HALF, HALF)])])": None,
    "v2.Compose([v2.Resize(8)])": None,
    "v2.Resize(8)": None,
}


def leaves(transform):
    """Return the names of the transforms in a Compose or Sequential, in order."""
    kind = type(transform).__name__
    if kind not in ("Compose", "Sequential"):
        return [kind]
    inner = transform.transforms if kind == "Compose" else transform
    return [name for each in inner for name in leaves(each)]


@pytest.mark.parametrize("text", ENDINGS)
def test_normalize_at_the_end_is_left_out(text, module):
    """Only the Normalize at the very end goes, wherever it is nested; a factory's is found too."""
    name = module(f"{IMPORTS}\nT = {text}\ndef make(): return {text}")
    whole = leaves(read(f"{name}:T", keep_normalize=True).build())
    for spec in (f"{name}:T", f"{name}:make"):
        pipeline = read(spec)
        assert (ENDINGS[text] is not None) == pipeline.before_normalize
        assert (ENDINGS[text] or whole) == leaves(pipeline.build())


def test_leaving_normalize_out_changes_nothing_else():
    """A Compose with settings of its own keeps them; the user's object stays as it was."""

    class Compose(v2.Compose):
        def __init__(self, transforms, size):
            super().__init__(transforms)
            self.size = size

    whole = Compose([v2.Identity(), v2.Normalize([0], [1])], size=8)
    less = user.without_normalize(whole)
    assert (Compose, 8, 1) == (type(less), less.size, len(less.transforms))
    assert 2 == len(whole.transforms)


def test_kept_normalize_with_the_right_constants_yields_0_and_1(module, tiles):
    """Measured after a Normalize with the figures from before it, mean is 0 and std 1."""
    text = (
        "FLOATS = [v2.CenterCrop(12), v2.ToImage(), v2.ToDtype(torch.float64, scale=True)]\n"
        "T = v2.Compose([*FLOATS, v2.Normalize({mean}, {std})])"
    )
    spec = f"{module(IMPORTS + text.format(mean=[0.5] * 3, std=[0.5] * 3))}:T"
    before = bnstat.compute(tiles, augment=spec, workers=1)
    right = module(IMPORTS + text.format(mean=before.mean.tolist(), std=before.std.tolist()))
    after = bnstat.compute(tiles, augment=f"{right}:T", keep_normalize=True, workers=1)
    assert (True, False) == (before.pipeline.before_normalize, after.pipeline.before_normalize)
    assert pytest.approx([0.0, 0.0, 0.0], abs=1e-12) == after.mean.tolist()
    assert pytest.approx([1.0, 1.0, 1.0], abs=1e-12) == after.std.tolist()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("T = 3", "{name}:T is a int, which is no transform"),
        ("def T(): pass", "{name}:T is a NoneType, which is no transform"),
        ("class T: pass", "{name}:T is a T, which is no transform"),
        ("", "cannot load {name}:T: AttributeError: module '{name}' has no attribute 'T'"),
        ("import nosuch", "cannot load {name}:T: ModuleNotFoundError: No module named 'nosuch'"),
        ("1 / 0", "cannot load {name}:T: ZeroDivisionError: division by zero"),
        ("def (", "cannot load {name}:T: SyntaxError: invalid syntax ({name}.py, line 1)"),
        ("raise SystemExit(2)", "cannot load {name}:T: SystemExit: 2"),
        ("def T(): return 1 / 0", "{name}:T() failed: ZeroDivisionError: division by zero"),
        ("class T:\n    def __init__(self): exit(2)", "{name}:T() failed: SystemExit: 2"),
    ],
)
def test_says_what_is_wrong(text, says, module):
    """What cannot be imported, made or called is named with the reason."""
    name = module(text)
    with pytest.raises(SpecError) as error:
        read(f"{name}:T").build()
    assert says.format(name=name) == str(error.value)


@pytest.mark.parametrize("spec", ["math:hypot", "builtins:dict", "builtins:print", "torch:relu"])
def test_what_does_not_tell_its_arguments_is_no_bug(spec):
    """A builtin without a signature is a transform that fails at images, or a SpecError."""
    try:
        transform = read(spec).build()
    except SpecError:
        return
    assert callable(transform)


def test_what_needs_arguments_to_be_made_is_refused(module):
    """A class that cannot be made without arguments is found before any image is read."""
    text = (
        "class T:\n    def __init__(self, size): pass\n    def __call__(self, image): return image"
    )
    with pytest.raises(SpecError):
        read(f"{module(text)}:T").build()


def test_what_the_users_code_prints_is_no_data(module, tiles, capsys):
    """Standard output is for data: what the user's module prints goes elsewhere."""
    name = module("print('loading')\ndef T(image):\n    print('drawing')\n    return image")
    bnstat.compute(tiles, augment=f"{name}:T", workers=1)
    assert "" == capsys.readouterr().out


def test_failing_transform_is_not_blamed_on_the_file(module, tiles):
    """A draw that raises is a failure that says that the pipeline failed, not that a file did."""
    name = module("def T(image):\n    raise ValueError('too small')")
    with pytest.raises(bnstat.BnstatError) as error:
        bnstat.compute(tiles, augment=f"{name}:T", workers=1)
    (reason,) = {reason for _, reason in error.value.failures}
    assert "ValueError: too small" in reason
    assert "is broken" not in reason


def test_albumentations_compose(module, tiles):
    """Its Compose takes arrays and has generators of its own: still the same draws each time."""
    pytest.importorskip("albumentations")
    name = module(
        "import albumentations as A\n"
        "T = A.Compose([A.RandomBrightnessContrast(p=0.8), A.CoarseDropout(p=1.0), A.Normalize()])"
    )
    first = bnstat.compute(tiles, augment=f"{name}:T", epochs=2, workers=1)
    again = bnstat.compute(tiles, augment=f"{name}:T", epochs=2, workers=1)
    other = bnstat.compute(tiles, augment=f"{name}:T", epochs=2, workers=1, seed=1)
    assert first.pipeline.before_normalize
    assert first.sum == again.sum != other.sum


def test_user_transform_draws_from_seeded_generators(module, photo):
    """Its draws from torch, random and numpy follow from seed, epoch and key alone."""
    text = """
def T(image):
    import random
    return np.array([[[torch.rand(()).item(), random.random(), np.random.random()]]])
"""
    pipeline = read(f"{module(IMPORTS + text)}:T")

    def drawn(seed, key):
        draws = [list(Draws(pipeline, seed, 2).draw(photo, key, epoch)) for epoch in range(2)]
        return [each.output.ravel().tolist() for (each,) in draws]

    first = drawn(0, b"a")
    torch.rand(3), np.random.random(3)
    assert first == drawn(0, b"a")
    values = [value for draw in (*first, *drawn(1, b"a"), *drawn(0, b"b")) for value in draw]
    assert len(values) == len(set(values))
