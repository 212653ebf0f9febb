"""Each recipe of the table gives what the code gives that people paste."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from bnstat.estimators.image_moments import ImageMoments
from bnstat.estimators.recipes import RECIPES, candidates

planted = runpy.run_path(str(Path(__file__).parent / "planted.py"))
PLANTS, image_set = planted["PLANTS"], planted["image_set"]
SIZES = (1, 2, 10, 32, 64)  # others cost time, and would show nothing new
KINDS = ("equal", "unequal", "16-bit", "gray")


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def images(kind):
    return image_set(np.random.default_rng(3), kind, 70)


@pytest.fixture(scope="module")
def moments(images, records_of):
    return ImageMoments.of_records(records_of([i.transpose(2, 0, 1) for i in images]))


def test_each_recipe_has_code_of_its_own():
    """The table and the code have the same recipes."""
    assert {(recipe.of, recipe.name) for recipe in RECIPES} == set(PLANTS)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.of}: {recipe.name}")
def test_a_recipe_is_what_people_run(recipe, images, moments):
    """What the recipe gives is what the code gives, to float32's precision."""
    for size in [size for size in recipe.sizes if size in SIZES] or (None,):
        sizes = () if size is None else (size,)
        values = recipe.figure(moments, *sizes)
        if values is not None:
            expected = PLANTS[recipe.of, recipe.name](images, *sizes)
            assert values == pytest.approx(np.atleast_1d(expected), abs=5e-7)


def test_what_has_no_meaning_is_left_out(kind, moments):
    """Batches need images of one size, clipping 16-bit ones, and one number several channels."""
    names = {candidate.name for of in ("mean", "std") for candidate in candidates(of, moments)}
    assert (kind != "unequal") == any("batches" in name for name in names)
    assert (kind == "16-bit") == any("clipped" in name for name in names)
    assert (kind != "gray") == any("over all channels" in name for name in names)
    assert not any("first 100 images" in name for name in names)
