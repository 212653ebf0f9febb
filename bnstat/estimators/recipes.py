"""The recipes by which people make mean and std, in one table, and what they give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bnstat.estimators.image_moments import ImageMoments
from bnstat.estimators.recipe import Recipe
from bnstat.estimators.recipes_of_mean import MEANS
from bnstat.estimators.recipes_of_std import STDS
from bnstat.moments import Floats

RECIPES = (*MEANS, *STDS)


class Candidate(NamedTuple):
    """A recipe's name with its size, and what it gives."""

    recipe: Recipe
    name: str
    values: Floats


def candidates(of: str, images: ImageMoments) -> Iterator[Candidate]:
    """Yield what the recipes of mean or std give, the simplest first."""
    for recipe in RECIPES:
        if recipe.of != of:
            continue
        for size in recipe.sizes or (None,):
            values = recipe.figure(images) if size is None else recipe.figure(images, size)
            if values is not None and np.isfinite(values).all():
                yield Candidate(recipe, recipe.name.format(size=f"{size or 0:,}"), values)
