"""How often `explain` finds the recipe that was planted, and how often it finds one by mistake.

    python tests/benchmarks/explain.py [SETS]

Planted are all recipes of tests/estimators/planted.py, on sets of 250 images, rounded to 3, 4 and 5
decimals. Found is a recipe of its name, or of equal digits on these images. False are matches of
constants of another set, made by the recipes that are most in use.
"""

from __future__ import annotations

import runpy
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from bnstat.estimators.explaining import MeasuredImages, explain, units_of
from bnstat.estimators.image_moments import ImageMoments
from bnstat.result.explanation import Digits

planted = runpy.run_path(str(Path(__file__).parents[1] / "estimators" / "planted.py"))
NUMBER, DECIMALS = 250, (3, 4, 5)
SIZES = (4, 64, 100)
OTHERS = 8  # for each set
COMMON = (
    ("mean", "the mean of all pixels"),
    ("mean", "the mean of the images' means"),
    ("std", "the std of all pixels"),
    ("std", "the mean of the images' stds (ddof 0)"),
    ("std", "the mean of the images' stds (ddof 1)"),
    ("std", "the root of the mean of the images' variances (ddof 1)"),
)


def moments(images: list[np.ndarray]) -> ImageMoments:
    scale = np.iinfo(images[0].dtype).max
    flat = [image.reshape(-1, image.shape[2]).astype(np.float64) / scale for image in images]
    n = np.array([[len(f)] * f.shape[1] for f in flat], np.float64)
    mean = np.array([f.mean(0) for f in flat])
    m2 = np.array([((f - f.mean(0)) ** 2).sum(0) for f in flat])
    values = np.concatenate([image.reshape(-1, image.shape[2]) for image in images])
    counts = np.stack([np.bincount(channel, minlength=scale + 1) for channel in values.T])
    return ImageMoments(n, mean, m2, counts)


def look(of: str, values: np.ndarray, decimals: int, images: ImageMoments, scale: int):
    digits = Digits.of([f"{value:.{decimals}f}" for value in np.atleast_1d(values)])
    channels = ("R", "G", "B")[: images.n.shape[1]]
    units = units_of(digits, digits, scale)
    return explain(of, digits, [MeasuredImages(images)], units, channels)


def main(sets: int) -> None:
    print("| set | decimals | planted | found | first | too few digits | false, of other sets |")
    print("|---|---|---|---|---|---|---|")
    missed: Counter[str] = Counter()
    for kind in ("equal", "unequal", "16-bit", "gray"):
        counts = {decimals: Counter() for decimals in DECIMALS}
        for seed in range(sets):
            images = planted["image_set"](np.random.default_rng(seed), kind, NUMBER)
            known, scale = moments(images), int(np.iinfo(images[0].dtype).max)
            for of, name, values in plants(images, known):
                for decimals in DECIMALS:
                    found = look(of, values, decimals, known, scale)
                    count(counts[decimals], found, name, missed, (kind, decimals))
            for of, values in others(kind, seed):
                for decimals in DECIMALS:
                    found = look(of, values, decimals, known, scale)
                    counts[decimals]["others"] += 1
                    counts[decimals]["false"] += bool(found.matches)
        for decimals, c in counts.items():
            shares = [f"{c[k] / c['planted']:.1%}" for k in ("found", "first", "accidental")]
            false = f"{c['false']} of {c['others']}"
            print(f"| {kind} | {decimals} | {c['planted']} | {' | '.join(shares)} | {false} |")
    print("\nMissed most, of 3 channels and 4 or 5 decimals:")
    for name, times in missed.most_common(10):
        print(f"{times:5} {name}")


def others(kind: str, seed: int):
    """Yield what the recipes in use give of other sets."""
    for number in range(OTHERS):
        rng = np.random.default_rng(1000 * (seed + 1) + number)
        images = planted["image_set"](rng, kind, NUMBER)
        for of, name in COMMON:
            yield of, planted["PLANTS"][of, name](images)


def plants(images: list[np.ndarray], known: ImageMoments):
    """Yield each recipe that has a meaning on these images, with what its code gives."""
    from bnstat.estimators.recipes import RECIPES

    for recipe in RECIPES:
        for size in [s for s in recipe.sizes if s in SIZES] or (None,):
            sizes = () if size is None else (size,)
            if recipe.figure(known, *sizes) is not None:
                values = planted["PLANTS"][recipe.of, recipe.name](images, *sizes)
                name = recipe.name.format(size=size)
                yield recipe.of, name, values


def count(counts: Counter, found, name: str, missed: Counter, which: tuple[str, int]) -> None:
    names = [match.recipe for match in found.matches]
    counts["planted"] += 1
    counts["found"] += name in names
    counts["first"] += names[:1] == [name]
    counts["accidental"] += name in [match.recipe for match in found.accidental]
    if name not in names and which[0] != "gray" and which[1] > 3:
        missed[f"{name} ({which[0]}, {which[1]})"] += 1


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
