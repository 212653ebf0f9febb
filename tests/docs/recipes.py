"""Print docs/recipes.md: `python tests/docs/recipes.py > docs/recipes.md`."""

import sys

from bnstat.estimators.recipes import RECIPES

_HEAD = """\
# Recipes

Generated from the code by `python tests/docs/recipes.py > docs/recipes.md`.

The ways in which people get constants, as [`bnstat explain`](explain.md) tries them, the simplest
first. A recipe is one row of `bnstat/estimators/recipes.py`.

| of | recipe | formula | in use |
|---|---|---|---|
"""


def page() -> str:
    """Return the whole page: a line for each recipe, in the order in which they are tried."""
    return _HEAD + "".join(
        f"| {recipe.of} | {recipe.name.format(size='N')} | {recipe.formula} | {recipe.in_use} |\n"
        for recipe in RECIPES
    )


if __name__ == "__main__":
    sys.stdout.write(page())
