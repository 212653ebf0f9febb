"""Print the table of recipes of docs/explain.md: `python tests/docs/recipes.py`."""

from bnstat.estimators.recipes import RECIPES


def table() -> str:
    """Return a line for each recipe, in the order in which they are tried."""
    lines = ["| of | recipe | formula | in use |", "|---|---|---|---|"]
    for recipe in RECIPES:
        name = recipe.name.format(size="N")
        lines.append(f"| {recipe.of} | {name} | {recipe.formula} | {recipe.in_use} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())  # noqa: T201
