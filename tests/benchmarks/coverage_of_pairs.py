"""How often margins of differences between plain and augmented images cover the truth.

    python tests/benchmarks/coverage_of_pairs.py [--runs 2000]

The images, small and gray, are fixed by a seed; a run draws each of them again. The truth is the
difference over all runs together. Beside the coverage stands how wide a margin is: beside 1.96
standard deviations of the difference over runs, and beside that of independent sets.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator

import numpy as np

from bnstat.estimators.paired import difference_spreads
from bnstat.estimators.spreads import Design, margin, spreads
from bnstat.moments import Column

SIDE = 16


def photos(images: int) -> np.ndarray:
    """Return images of (SIDE, SIDE) in [0, 255], as different from one another as photographs."""
    rng = np.random.default_rng(images)
    level = rng.normal(115, 35, (images, 1, 1))
    contrast = rng.gamma(6.0, 8.0, (images, 1, 1))
    slope = np.linspace(-1, 1, SIDE)[:, np.newaxis] * rng.normal(0, 1, (images, 1, 1))
    noise = rng.normal(0, 1, (images, SIDE, SIDE))
    return np.clip(np.round(level + contrast * (slope + 0.7 * noise)), 0, 255)


def brightness(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """ColorJitter(brightness=0.4)."""
    return np.clip(np.floor(x * rng.uniform(0.6, 1.4, (len(x), 1, 1))), 0, 255)


def contrast(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """ColorJitter(contrast=0.4)."""
    factor, mean = rng.uniform(0.6, 1.4, (len(x), 1, 1)), x.mean(axis=(1, 2), keepdims=True)
    return np.clip(np.floor(mean + factor * (x - mean)), 0, 255)


def crop(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RandomCrop(12)."""
    rows, columns = (rng.integers(0, SIDE - 11, len(x))[:, np.newaxis] for _ in range(2))
    at = np.arange(len(x))[:, np.newaxis, np.newaxis]
    window = np.arange(12)
    return x[at, (rows + window)[:, :, np.newaxis], (columns + window)[:, np.newaxis, :]]


def erasing(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RandomErasing(p=0.5, scale=(0.25, 0.25), ratio=(1, 1))."""
    erased = x.copy()
    for image in np.flatnonzero(rng.random(len(x)) < 0.5):
        row, column = rng.integers(0, SIDE // 2, 2)
        erased[image, row : row + SIDE // 2, column : column + SIDE // 2] = 0
    return erased


def flip(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RandomHorizontalFlip()."""
    return np.where(rng.random((len(x), 1, 1)) < 0.5, x, x[:, :, ::-1])


def column_of(draws: list[np.ndarray]) -> Column:
    """Return the moments of draws, those of an image one after another."""
    means = np.stack([x.mean(axis=(1, 2)) for x in draws], axis=1).ravel() / 255
    variances = np.stack([x.var(axis=(1, 2)) for x in draws], axis=1).ravel() / 255**2
    n = np.full(len(means), float(draws[0][0].size))
    return Column(n, means, n * variances)


def figures(column: Column) -> np.ndarray:
    """Return mean and mean square of all samples."""
    square = column.m2 / column.n + column.mean**2
    return np.array([column.mean.mean(), square.mean()])


def simulate(
    draw: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    images: int,
    epochs: int,
    runs: int,
) -> Iterator[tuple[float, ...]]:
    """Return, for mean and std, coverage and the width beside what is needed and what was."""
    x, rng = photos(images), np.random.default_rng(epochs)
    plain, design = column_of([x]), Design(images, epochs, random=True)
    found, paired, apart = np.zeros((runs, 2)), np.zeros((runs, 2)), np.zeros((runs, 2))
    for run in range(runs):
        drawn = column_of([draw(x, rng) for _ in range(epochs)])
        found[run] = figures(drawn)
        both = difference_spreads(plain, drawn, (1, epochs), design)
        paired[run] = [margin(spread, 0.95) for spread in both]
        apart[run] = [margin(spread, 0.95) for spread in spreads(drawn, design)]
    mean, square = found.mean(axis=0)
    truth = mean, np.sqrt(square - mean**2)
    seen = found[:, 0], np.sqrt(found[:, 1] - found[:, 0] ** 2)
    for i in range(2):
        off = np.abs(seen[i] - truth[i])
        needed = 1.96 * seen[i].std()
        wide = paired[:, i].mean()
        yield (
            float((off <= paired[:, i] + 1e-12).mean()),
            wide / needed if needed > 1e-12 else 1.0 + wide,
            apart[:, i].mean() / wide if wide else np.inf,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    runs = parser.parse_args().runs
    headings = ("mean", "too wide", "narrower", "std", "too wide", "narrower")
    print(f"{'pipeline':12}{'images':>7}{'epochs':>7}" + "".join(f"{h:>10}" for h in headings))
    for draw in (brightness, contrast, crop, erasing, flip):
        for images in (100, 1000):
            for epochs in (1, 2, 4):
                row = [v for figure in simulate(draw, images, epochs, runs) for v in figure]
                print(
                    f"{draw.__name__:12}{images:7}{epochs:7}" + "".join(f"{v:10.3f}" for v in row)
                )


if __name__ == "__main__":
    main()
