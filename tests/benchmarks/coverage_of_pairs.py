"""How often margins of differences between plain and augmented images cover the truth.

    python tests/benchmarks/coverage_of_pairs.py [--runs 2000] [--jobs 2]

The images, small and gray, and 64 draws of each are fixed by a seed; a run takes draws of these at
random, so that the truth is known: it is the average over all. Beside the coverage stands how wide
a margin is: beside 1.96 standard deviations of the difference over runs, and beside that of
independent sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from many_runs import arguments, rows_of

from bnstat.estimators.intervals import margin
from bnstat.estimators.paired import Shared, difference_spreads
from bnstat.estimators.spreads import Design, controls_of, spreads
from bnstat.moments import ChannelMoments

SIDE, POOL = 16, 64


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
    rows, columns = (rng.integers(0, SIDE // 2, len(x))[:, np.newaxis] for _ in range(2))
    places = np.arange(SIDE)
    down, across = ((start <= places) & (places < start + SIDE // 2) for start in (rows, columns))
    erased = down[:, :, np.newaxis] & across[:, np.newaxis, :]
    return np.where(erased & (rng.random((len(x), 1, 1)) < 0.5), 0, x)


def flip(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """RandomHorizontalFlip()."""
    return np.where(rng.random((len(x), 1, 1)) < 0.5, x, x[:, :, ::-1])


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of each image, in [0, 1]."""
    return x.mean(axis=(1, 2)) / 255, x.var(axis=(1, 2)) / 255**2


@cache
def pool(draw: Callable, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of all draws that there are, (images, POOL)."""
    x, rng = photos(images), np.random.default_rng(1)
    means, variances = zip(*(moments(draw(x, rng)) for _ in range(POOL)), strict=True)
    return np.stack(means, axis=1), np.stack(variances, axis=1)


def column_of(means: np.ndarray, variances: np.ndarray) -> ChannelMoments:
    """Return a column of images of one size, the draws of each one after another."""
    n = np.full(means.size, float(SIDE**2))
    return ChannelMoments(n, means.ravel(), n * variances.ravel())


def figures(means: np.ndarray, variances: np.ndarray) -> tuple[float, float]:
    """Return mean and std of all samples."""
    mean = means.mean()
    return mean, np.sqrt((variances + means**2).mean() - mean**2)


def drawn(draw: Callable, images: int, epochs: int, rng: np.random.Generator) -> np.ndarray:
    """Return mean and variance of some draws of each image, (2, images, epochs)."""
    chosen = rng.integers(0, POOL, (images, epochs))
    return np.stack([np.take_along_axis(each, chosen, axis=1) for each in pool(draw, images)])


def simulate(draw: Callable, images: int, epochs: int, runs: int) -> Iterator[tuple[float, ...]]:
    """Return, for mean and std, coverage and the width beside what is needed and what was."""
    plain, rng = column_of(*moments(photos(images))), np.random.default_rng(epochs)
    design, controls = Design(images, epochs, random=True), controls_of(plain)
    every = Shared.of(range(images), range(images))
    found, paired, apart = np.zeros((runs, 2)), np.zeros((runs, 2)), np.zeros((runs, 2))
    for run in range(runs):
        means, variances = drawn(draw, images, epochs, rng)
        column, found[run] = column_of(means, variances), figures(means, variances)
        both = difference_spreads(plain, column, (1, epochs), design, controls, every)
        paired[run] = [margin(spread, 0.95) for spread in both]
        apart[run] = [margin(spread, 0.95) for spread in spreads(column, design)]
    truth = figures(*pool(draw, images))
    for i in range(2):
        off = np.abs(found[:, i] - truth[i])
        needed, wide = 1.96 * found[:, i].std(), paired[:, i].mean()
        yield (
            float((off <= paired[:, i] + 1e-12).mean()),
            wide / needed if needed > 1e-12 else 1.0 + wide,
            apart[:, i].mean() / wide if wide > 1e-12 else np.inf,
        )


HEADINGS = "mean", "too wide", "narrower", "std", "too wide", "narrower"
HEAD = f"{'pipeline':12}{'images':>7}{'epochs':>7}" + "".join(f"{h:>10}" for h in HEADINGS)
ROWS = [
    (draw, images, epochs)
    for draw in (brightness, contrast, crop, erasing, flip)
    for images in (100, 1000)
    for epochs in (1, 2, 4)
]


def row(case: tuple[Callable, int, int], runs: int) -> str:
    """Return one row."""
    draw, images, epochs = case
    shown = [v for figure in simulate(draw, images, epochs, runs) for v in figure]
    return f"{draw.__name__:12}{images:7}{epochs:7}" + "".join(f"{v:10.3f}" for v in shown)


if __name__ == "__main__":
    asked = arguments(__doc__, runs=2000)
    print(HEAD)
    for line in rows_of(row, ROWS, asked):
        print(line, flush=True)
