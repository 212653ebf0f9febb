"""How often margins cover the truth, by simulation.

    python tests/benchmarks/coverage_of_margins.py [--runs 10000]

Each population is fixed by a seed. A run draws a sample of its images, at random without
replacement, and asks whether the truth (of all images, over all random draws) lies within the
margins that bnstat states at 95 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bnstat.estimators.spreads import Design, contributions, margin, spreads
from bnstat.estimators.uncertainty import FEWEST_EFFECTIVE_IMAGES, look_sizes
from bnstat.moments import Column

FOUND = 20_000


@dataclass(frozen=True)
class Population:
    """Images: samples, mean and variance of each; and the sd of each random draw's mean."""

    name: str
    n: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    draw_sd: float = 0.0

    def column(self, chosen: np.ndarray, draws: int, rng: np.random.Generator) -> Column:
        """Return what would be measured of the chosen images, each drawn so many times."""
        n, mean, var = (np.repeat(v[chosen], draws) for v in (self.n, self.mean, self.var))
        if self.draw_sd:
            mean = mean + rng.normal(0.0, self.draw_sd, len(mean))
        return Column(n, mean, n * var)

    @property
    def truth(self) -> tuple[float, float]:
        """Mean and std of all images, over all draws."""
        mean = np.average(self.mean, weights=self.n)
        square = self.var + (self.mean - mean) ** 2 + self.draw_sd**2
        return float(mean), float(np.sqrt(np.average(square, weights=self.n)))


def easy() -> Iterator[Population]:
    """Populations on which margins are to hold."""
    rng = np.random.default_rng(1)
    mean, var = rng.normal(0.45, 0.12, FOUND), rng.gamma(4.0, 0.012, FOUND)
    equal = np.full(FOUND, 50_000.0)
    sizes = np.round(50_000 * rng.lognormal(0.0, 0.5, FOUND))
    by_class = np.sort(rng.normal(0.45, 0.12, FOUND))
    bright = np.where(np.arange(FOUND) < FOUND // 10, 0.8, 0.4) + rng.normal(0, 0.05, FOUND)
    yield Population("equal sizes", equal, mean, var)
    yield Population("lognormal sizes, sigma 0.5", sizes, mean, var)
    yield Population("a folder sorted by class", equal, by_class, var)
    yield Population("two clusters, 90/10", equal, bright, var)


def hard() -> Iterator[Population]:
    """Populations on which no simple interval holds; `reliable` is to say so."""
    rng = np.random.default_rng(2)
    var = rng.gamma(4.0, 0.012, FOUND)
    equal = np.full(FOUND, 50_000.0)
    exponent = rng.normal(0.0, 1.0, FOUND)
    sizes = np.round(50_000 * np.exp(exponent))
    tied = 0.45 + 0.12 * exponent
    few = np.where(np.arange(FOUND) < FOUND // 50, 0.9, 0.4) + rng.normal(0, 0.02, FOUND)
    halves = np.where(np.arange(FOUND) < FOUND // 2, 0.2, 0.7) + rng.normal(0, 0.02, FOUND)
    yield Population("lognormal sizes, sigma 1, tied to brightness", sizes, tied, var)
    yield Population("t3 means", equal, 0.45 + 0.07 * rng.standard_t(3, FOUND), var)
    yield Population("lognormal values", equal, rng.lognormal(-2.0, 1.0, FOUND), var)
    yield Population("two clusters, 98/2", equal, few, var)
    yield Population("two clusters, 50/50", equal, halves, var)


@dataclass(frozen=True)
class Coverage:
    """Shares of the runs in which the margin held the truth, and in which it is called reliable."""

    mean: float
    std: float
    reliable: float


def fixed(
    population: Population, images: int, draws: int, runs: int, *, rng: np.random.Generator
) -> Coverage:
    """Return the coverage of samples of a fixed size; `images` may be all there are."""
    design = Design(len(population.n), draws, population.draw_sd > 0)
    truth = population.truth
    held = np.zeros((runs, 3))
    for run in range(runs):
        chosen = rng.choice(len(population.n), images, replace=False)
        column = population.column(chosen, draws, rng)
        held[run] = covered(column, design, truth, images)
    return Coverage(*held.mean(axis=0))


def covered(
    column: Column, design: Design, truth: tuple[float, float], images: int
) -> tuple[bool, bool, bool]:
    """Return whether the margins of mean and std hold the truth, and whether they are reliable."""
    mean = np.average(column.mean, weights=column.n)
    std = np.sqrt(np.average(column.m2 / column.n + (column.mean - mean) ** 2, weights=column.n))
    both = spreads(column, design)
    wide = [margin(spread, 0.95) for spread in both]
    reliable = min(spread.effective_images for spread in both) >= FEWEST_EFFECTIVE_IMAGES
    return abs(mean - truth[0]) <= wide[0], abs(std - truth[1]) <= wide[1], reliable


def until(
    population: Population, tolerance: float, runs: int, *, rng: np.random.Generator
) -> tuple[Coverage, float]:
    """Return the coverage where a growing sample stops, and its images over an oracle's."""
    design = Design(len(population.n))
    truth = population.truth
    held, used = np.zeros((runs, 3)), np.zeros(runs)
    for run in range(runs):
        order = rng.permutation(len(population.n))
        for images in look_sizes(len(order)):
            column = population.column(order[:images], 1, rng)
            wide = [margin(spread, 0.95) for spread in spreads(column, design)]
            if max(wide) <= tolerance:
                break
        held[run], used[run] = covered(column, design, truth, images), images
    return Coverage(*held.mean(axis=0)), used.mean() / oracle(population, tolerance)


def oracle(population: Population, tolerance: float) -> int:
    """Return how many images would do for one who knows how the population varies."""
    found = len(population.n)
    whole = population.column(np.arange(found), 1, np.random.default_rng(0))
    variance = max(float(np.var(d, ddof=1)) for d in contributions(whole))
    needed = 1 / (tolerance**2 / (NormalDist().inv_cdf(0.975) ** 2 * variance) + 1 / found)
    return max(int(np.ceil(needed)), 200)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(0)
    print(f"{'population':46}{'images':>8}{'draws':>7}{'mean':>8}{'std':>8}{'reliable':>10}")
    for population in (*easy(), *hard()):
        for images in (200, 1000):
            show(population.name, images, 1, fixed(population, images, 1, runs, rng=rng))
    name, n, mean, var = "equal sizes", *(getattr(next(easy()), f) for f in ("n", "mean", "var"))
    small = Population(name, n[:2000], mean[:2000], var[:2000])
    show("equal sizes, 30 % sampled", 600, 1, fixed(small, 600, 1, runs, rng=rng))
    drawn = Population(name, n[:1000], 0.45 + (mean[:1000] - 0.45) / 3, var[:1000], 0.12)
    show("two draws, s_w = 3 s_b, 30 % sampled", 300, 2, fixed(drawn, 300, 2, runs, rng=rng))
    show("two draws, s_w = 3 s_b, all images", 1000, 2, fixed(drawn, 1000, 2, runs, rng=rng))
    print(f"\n{'stopped by --until':46}{'tol':>8}{'':7}{'mean':>8}{'std':>8}{'over oracle':>13}")
    for population in easy():
        for tolerance in (0.02, 0.01, 0.005):
            coverage, ratio = until(population, tolerance, runs, rng=rng)
            shares = f"{coverage.mean:8.3f}{coverage.std:8.3f}{ratio:13.2f}"
            print(f"{population.name:46}{tolerance:8}{'':7}{shares}")


def show(name: str, images: int, draws: int, coverage: Coverage) -> None:
    """Print one row."""
    shares = f"{coverage.mean:8.3f}{coverage.std:8.3f}{coverage.reliable:10.3f}"
    print(f"{name:46}{images:8}{draws:7}{shares}")


if __name__ == "__main__":
    main()
