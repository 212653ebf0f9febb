"""Transforms that are passed as objects."""

import json
import re
import sys

import numpy as np
import pytest
import torch
from PIL import ImageOps
from torch import nn
from torchvision import transforms as v1
from torchvision.transforms import InterpolationMode, v2

import bnstat
from bnstat.augment import read
from bnstat.augment.objects import text_of
from bnstat.errors import SpecError

HALF = [0.5, 0.5, 0.5]
FLOATS = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]


class Invert:
    """A transform of one's own."""

    def __call__(self, image):
        """Return the image inverted."""
        return ImageOps.invert(image)


@pytest.mark.parametrize(
    "transform",
    [
        v1.Compose([v1.RandomInvert(p=1.0)]),
        v2.Compose([v2.RandomInvert(p=1.0)]),
        nn.Sequential(v2.RandomInvert(p=1.0), v2.Identity()),
        ImageOps.invert,
    ],
    ids=["v1", "v2", "Sequential", "function"],
)
def test_object_does_what_it_does(transform, tiles):
    """Composes of v1 and v2, modules and functions."""
    plain = bnstat.compute(tiles, workers=1)
    turned = bnstat.compute(tiles, augment=transform, workers=1)
    assert tuple(255 * plain.count[0] - total for total in plain.sum) == turned.sum


def test_draws_are_those_of_the_same_pipeline_as_text(tiles):
    """An object draws what its text draws: seeded by run, epoch and key; in any worker."""
    text = "RandomCrop(5) | ColorJitter(brightness=0.5)"
    transform = v2.Compose([v2.RandomCrop(5), v2.ColorJitter(brightness=0.5)])
    typed = bnstat.compute(tiles, augment=text, epochs=3, seed=4, workers=1)
    for workers in (1, 2):
        passed = bnstat.compute(tiles, augment=transform, epochs=3, seed=4, workers=workers)
        assert (typed.sum, typed.sum_of_squares) == (passed.sum, passed.sum_of_squares)


def test_compare_and_sweep_take_objects(tiles):
    """One or several, beside texts; with attribute a row for each transform of a Compose."""
    transform = v2.Compose([v2.CenterCrop(6), v2.RandomInvert(p=1.0)])
    found = bnstat.compare(tiles, augment=[transform, "CenterCrop(6)"], workers=1)
    text = "object: CenterCrop(size=(6, 6)) | RandomInvert(p=1.0)"
    assert [str(tiles), text, "CenterCrop(6)"] == [row.name for row in found.rows]
    one = bnstat.compare(tiles, augment=transform, attribute=True, workers=1)
    assert found.rows[2].mean == one.rows[1].mean
    assert found.rows[1].mean == one.rows[2].mean
    swept = bnstat.sweep(tiles, augment=transform, repeats=1, workers=1)
    assert found.rows[1].mean == swept.stats.exact.mean


def test_document_names_it_and_cannot_measure_it_again(tiles, tmp_path, monkeypatch):
    """Spec and transforms are text; sweep says that the object must be passed again."""
    monkeypatch.chdir(tmp_path)
    gray = v2.RandomApply([v2.Grayscale(3)], p=0.25)
    transform = v2.Compose([v2.Resize(8, InterpolationMode.BICUBIC), gray, Invert()])
    stats = bnstat.compute(tiles, augment=transform, workers=1)
    stats.save("bnstat.json")
    pipeline = json.loads((tmp_path / "bnstat.json").read_text())["pipeline"]
    assert [
        "Resize(size=[8], interpolation=InterpolationMode.BICUBIC, max_size=None, antialias=True)",
        "RandomApply(transforms=[Grayscale(num_output_channels=3)], p=0.25)",
        "Invert()",
    ] == pipeline["transforms"]
    assert f"object: {' | '.join(pipeline['transforms'])}" == pipeline["spec"]
    with pytest.raises(SpecError, match=r"pass it again in Python, as augment=$"):
        bnstat.sweep("bnstat.json")
    again = bnstat.sweep("bnstat.json", augment=transform, repeats=1, workers=1)
    assert stats.exact.mean == again.stats.exact.mean


def test_normalize_at_its_end_is_left_out(tiles):
    """As that of any pipeline; the caller's object keeps it."""
    transform = v2.Compose([*FLOATS, v2.Normalize(HALF, HALF)])
    before = bnstat.compute(tiles, augment=transform, workers=1)
    after = bnstat.compute(tiles, augment=transform, keep_normalize=True, workers=1)
    assert (True, False) == (before.pipeline.before_normalize, after.pipeline.before_normalize)
    assert ("ToImage()", "ToDtype(dtype=float32, scale=True)") == before.pipeline.transforms
    assert pytest.approx([(m - 0.5) / 0.5 for m in before.mean], rel=1e-6) == after.mean
    assert 3 == len(transform.transforms)


@pytest.mark.parametrize(
    "compose", [v1.Compose, v2.Compose, lambda parts: nn.Sequential(*parts)], ids=["v1", "v2", "nn"]
)
def test_nothing_but_a_normalize_is_the_plain_image(compose, tiles):
    """What is left of it when that is left out still takes images."""
    plain = bnstat.compute(tiles, workers=1)
    stats = bnstat.compute(tiles, augment=compose([v2.Normalize(HALF, HALF)]), workers=1)
    assert (plain.sum, ("Identity()",)) == (stats.sum, stats.pipeline.transforms)


def test_callers_object_stays_as_it_was(tiles):
    """What a transform changes in itself, it changes in a copy."""

    counting = Counting()
    bnstat.compute(tiles, augment=counting, workers=1)
    assert 0 == counting.calls


class Counting:
    """Counts its calls."""

    calls = 0

    def __call__(self, image):
        """Count, and return the image."""
        self.calls += 1
        return image


def test_what_cannot_be_sent_is_an_error_before_any_image(tiles):
    """A lambda needs this process: with workers an error says so, with one worker it runs."""
    transform = v2.Compose([v2.Lambda(lambda image: ImageOps.invert(image.convert("RGB")))])
    with pytest.raises(SpecError) as error:
        bnstat.compute(tiles, augment=transform, workers=2)
    says = "it cannot be sent to workers; define it in a module, or measure with workers=1: "
    assert says in str(error.value)
    assert "0x" not in str(error.value)
    inverted = bnstat.compute(tiles, augment=transform, workers=1)
    plain = bnstat.compute(tiles, workers=1)
    assert tuple(255 * plain.count[0] - total for total in plain.sum) == inverted.sum


def test_what_main_defines_cannot_be_sent(monkeypatch, tiles):
    """Workers have no __main__ of the caller's: found out before any image is read."""

    def same(image):
        return image

    same.__module__, same.__qualname__ = "__main__", "same"
    monkeypatch.setattr(sys.modules["__main__"], "same", same, raising=False)
    with pytest.raises(SpecError, match=r"same is defined in __main__, not in a module$"):
        bnstat.compute(tiles, augment=same, workers=2)


@pytest.mark.parametrize("transform", [3, [v2.Resize(8)], object()], ids=["int", "list", "object"])
def test_what_is_no_transform_is_refused(transform, tiles):
    """It is named by its type."""
    with pytest.raises(SpecError, match=f"is a {type(transform).__name__}, which is no transform$"):
        bnstat.compute(tiles, augment=transform)


def test_journal_knows_another_object(tiles, tmp_path):
    """A journal of one object is of other settings for another, though their texts are the same."""
    journal = tmp_path / "j"
    first, other = Shifted(1), Shifted(2)
    kept = bnstat.compute(tiles, augment=first, journal=journal, workers=1)
    assert kept.sum == bnstat.compute(tiles, augment=Shifted(1), journal=journal, workers=1).sum
    assert text_of(first) == text_of(other)
    with pytest.raises(bnstat.JournalError, match="pipeline"):
        bnstat.compute(tiles, augment=other, journal=journal, workers=1)


class Shifted:
    """Adds a number that its text does not show."""

    def __init__(self, by):
        self._by = by

    def __call__(self, image):
        """Return the samples, shifted."""
        return np.asarray(image) // 2 + self._by


def test_unpicklable_object_and_journal(tiles, tmp_path):
    """Nothing would tell whether a lambda is still the same."""
    with pytest.raises(SpecError, match="a journal cannot tell it from another one"):
        bnstat.compute(tiles, augment=lambda image: image, journal=tmp_path / "j", workers=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (v2.Resize((8, 4)), "Resize(size=[8, 4], "),
        (v1.CenterCrop(4), "CenterCrop(size=(4, 4))"),
        (v2.ToDtype(torch.float32, scale=True), "ToDtype(dtype=float32, scale=True)"),
        (ImageOps.invert, "PIL.ImageOps:invert"),
        (Invert(), "Invert()"),
        (object(), "object"),
        ((), "()"),
        ((1,), "(1,)"),
        (list(range(1000)), "list"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_text_of_values(value, text):
    """What it is, with its arguments as spec text has them."""
    assert text_of(value).startswith(text)


def test_text_has_no_address_and_an_end():
    """A value that holds itself, or one without text of its own, has a text without an address."""
    circle = []
    circle.append(circle)
    for value in (circle, v2.Lambda(lambda image: image), Shifted(object()), torch.ones(3)):
        assert not re.search("0x[0-9a-f]+", text_of(value))
        assert len(text_of(value)) < 500


def test_albumentations_object(tiles):
    """Its generators are seeded for each draw: in a copy, and alike in workers."""
    albumentations = pytest.importorskip("albumentations")
    transform = albumentations.Compose([albumentations.RandomBrightnessContrast(p=0.8)])
    sums = [
        bnstat.compute(tiles, augment=transform, epochs=2, workers=workers).sum
        for workers in (1, 2)
    ]
    assert sums[0] == sums[1] != bnstat.compute(tiles, epochs=2, workers=1).sum


def test_object_typed_on_the_command_line_is_no_spec():
    """What a document calls it cannot be read as a pipeline."""
    with pytest.raises(SpecError, match="is a transform object, which no text can stand for"):
        read("object: Resize(size=[8])")
