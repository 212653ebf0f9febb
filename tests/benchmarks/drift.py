"""How often `compare` finds a drift, where there is one and where there is none; LeRobot's rule.

    python tests/benchmarks/drift.py [--runs 200]

Sets are drawn from one population of images, whose brightness and contrast differ, or from two
whose brightness differs by a fifth of its standard deviation. "More than chance" is to be
said of at most 7 % of the sets without a drift.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import bnstat
from bnstat.estimators.intervals import margin
from bnstat.estimators.spreads import Design, spreads
from bnstat.moments import ChannelMoments

IMAGES = 150


def main() -> None:
    parser = argparse.ArgumentParser(description="Count verdicts of drift.")
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(0)
    for name, shift in (("without a drift", 0.0), ("with one of 0.2 sd", 0.2)):
        said = sum(verdict(rng, shift) for _ in range(runs))
        print(f"{name:<20} 'more than chance' in {said} of {runs} runs, {said / runs:.1%}")
    print_lerobot(rng)


def verdict(rng: np.random.Generator, shift: float) -> bool:
    """Return whether `compare` says of two new sets that they differ by more than chance."""
    with tempfile.TemporaryDirectory() as folder:
        for name, by in (("train", 0.0), ("test", shift)):
            write(Path(folder, name), rng, by)
        sets = [bnstat.compute(Path(folder, name), workers=1) for name in ("train", "test")]
        return any("more than chance" in text for text in bnstat.compare(*sets).verdicts)


def write(folder: Path, rng: np.random.Generator, shift: float) -> None:
    folder.mkdir()
    for i in range(IMAGES):
        centre = rng.normal(120, 25, 3) + 25 * shift
        pixels = np.clip(rng.normal(centre, rng.uniform(15, 40), (6, 6, 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.bmp")


def print_lerobot(rng: np.random.Generator) -> None:
    """LeRobot takes n^0.75 frames of each of n, and pools by the frames it took."""
    sizes, centres = (500, 20_000), (0.3, 0.6)
    groups = [rng.normal(c, 0.08, n) for n, c in zip(sizes, centres, strict=True)]
    whole = np.concatenate(groups)
    taken = [rng.choice(group, int(len(group) ** 0.75), replace=False) for group in groups]
    lerobot = np.concatenate(taken).mean()
    chosen = rng.choice(whole, sum(map(len, taken)), replace=False)
    column = ChannelMoments(np.ones(len(chosen)), chosen, np.zeros(len(chosen)))
    design = Design(len(whole))
    half = margin(spreads(column, design)[0], 0.95)
    print(f"two groups of {sizes[0]:,} and {sizes[1]:,} images, true mean {whole.mean():.4f}:")
    off = lerobot - whole.mean()
    print(f"  n^0.75 of each, pooled by the frames taken: {lerobot:.4f}, off by {off:+.4f}")
    print(f"  as many images at random: {chosen.mean():.4f} ± {half:.4f}")


if __name__ == "__main__":
    main()
