"""How often margins cover the truth, by simulation.

    python tests/benchmarks/coverage_of_margins.py [--runs 10000] [--jobs 2]

Each population is fixed by a seed. A run draws a sample of its images, at random without
replacement, and asks whether the truth (of all images, over all random draws) lies within the
margins that bnstat states at 95 %. Of pairs tells coverage_of_pairs.py; of false alarms, power and
clusters coverage_of_comparisons.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from many_runs import arguments, rows_of

from bnstat.estimators.intervals import corrected, margin
from bnstat.estimators.spreads import Design, contributions, spreads
from bnstat.estimators.uncertainty import FEWEST_EFFECTIVE_IMAGES, look_sizes
from bnstat.moments import ChannelMoments

FOUND = 20_000


@dataclass(frozen=True)
class Population:
    """Images: samples, mean and variance of each; and the sd of each random draw's mean."""

    name: str
    n: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    draw_sd: float = 0.0

    def column(self, chosen: np.ndarray, draws: int, rng: np.random.Generator) -> ChannelMoments:
        """Return what would be measured of the chosen images, each drawn so many times."""
        n, mean, var = (np.repeat(v[chosen], draws) for v in (self.n, self.mean, self.var))
        if self.draw_sd:
            mean = mean + rng.normal(0.0, self.draw_sd, len(mean))
        return ChannelMoments(n, mean, n * var)

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


def fixed(population: Population, images: int, draws: int, runs: int) -> np.ndarray:
    """Return the shares of runs of a fixed size in which `covered` holds; `images` may be all."""
    design = Design(len(population.n), draws, population.draw_sd > 0)
    truth, rng = population.truth, np.random.default_rng(0)
    held = np.zeros((runs, 5))
    for run in range(runs):
        chosen = rng.choice(len(population.n), images, replace=False)
        held[run] = covered(population.column(chosen, draws, rng), design, truth)
    return held.mean(axis=0)


def covered(column: ChannelMoments, design: Design, truth: tuple[float, float]) -> tuple[bool, ...]:
    """Return whether the margins of mean and std hold the truth, and whether they are reliable.

    And whether the corrected intervals hold it.
    """
    mean = np.average(column.mean, weights=column.n)
    std = np.sqrt(np.average(column.m2 / column.n + (column.mean - mean) ** 2, weights=column.n))
    both = spreads(column, design)
    off = mean - truth[0], std - truth[1]
    plain = [abs(o) <= margin(spread, 0.95) for o, spread in zip(off, both, strict=True)]
    sides = [corrected(spread, 0.95) for spread in both]
    skewed = [-above <= o <= below for o, (below, above) in zip(off, sides, strict=True)]
    reliable = min(spread.effective_images for spread in both) >= FEWEST_EFFECTIVE_IMAGES
    return *plain, reliable, *skewed


def until(population: Population, tolerance: float, runs: int) -> tuple[float, float, float]:
    """Return the coverage where a growing sample stops, and its images over an oracle's."""
    design, rng = Design(len(population.n)), np.random.default_rng(0)
    truth = population.truth
    held, used = np.zeros((runs, 2)), np.zeros(runs)
    for run in range(runs):
        order = rng.permutation(len(population.n))
        for images in look_sizes(len(order)):
            column = population.column(order[:images], 1, rng)
            if max(margin(spread, 0.95) for spread in spreads(column, design)) <= tolerance:
                break
        held[run], used[run] = covered(column, design, truth)[:2], images
    return *held.mean(axis=0), used.mean() / oracle(population, tolerance)


def oracle(population: Population, tolerance: float) -> int:
    """Return how many images would do for one who knows how the population varies."""
    found = len(population.n)
    whole = population.column(np.arange(found), 1, np.random.default_rng(0))
    variance = max(float(np.var(d, ddof=1)) for d in contributions(whole))
    needed = 1 / (tolerance**2 / (NormalDist().inv_cdf(0.975) ** 2 * variance) + 1 / found)
    return max(int(np.ceil(needed)), 200)


def drawn() -> Iterator[tuple[Population, int, int]]:
    """Yield small populations, with images and draws of each."""
    first = next(easy())
    n, mean, var = first.n[:2000], first.mean[:2000], first.var[:2000]
    yield Population("equal sizes, 30 % sampled", n, mean, var), 600, 1
    less = 0.45 + (mean[:1000] - 0.45) / 3, var[:1000], 0.12
    yield Population("two draws, s_w = 3 s_b, 30 % sampled", n[:1000], *less), 300, 2
    yield Population("two draws, s_w = 3 s_b, all images", n[:1000], *less), 1000, 2


def cases() -> Iterator[tuple[Population, int, int]]:
    """Yield the populations, with images and draws of each."""
    for population in (*easy(), *hard()):
        yield population, 200, 1
        yield population, 1000, 1
    yield from drawn()


def row(case: tuple[Population, int, int], runs: int) -> str:
    """Return a row of samples of a fixed size."""
    population, images, draws = case
    shares = "".join(f"{share:10.3f}" for share in fixed(population, images, draws, runs))
    return f"{population.name:46}{images:8}{draws:7}{shares}"


def row_of_until(case: tuple[Population, float], runs: int) -> str:
    """Return a row of growing samples."""
    population, tolerance = case
    shares = "".join(f"{share:10.3f}" for share in until(population, tolerance, runs))
    return f"{population.name:46}{tolerance:8}{'':7}{shares}"


def main() -> None:
    """Print the tables."""
    asked = arguments(__doc__, runs=10_000)
    headings = "mean", "std", "reliable", "mean*", "std*"
    print(f"{'population':46}{'images':>8}{'draws':>7}" + "".join(f"{h:>10}" for h in headings))
    for line in rows_of(row, cases(), asked):
        print(line, flush=True)
    print("* corrected for skewness")
    headings = "mean", "std", "to oracle"
    print(f"\n{'stopped by --until':46}{'tol':>8}{'':7}" + "".join(f"{h:>10}" for h in headings))
    growing = [(population, tol) for population in easy() for tol in (0.02, 0.01, 0.005)]
    for line in rows_of(row_of_until, growing, asked):
        print(line, flush=True)


if __name__ == "__main__":
    main()
