"""How often comparisons raise a false alarm, and find a shift; and errors over clusters.

    python tests/benchmarks/coverage_of_comparisons.py [--runs 2000] [--jobs 2] [--photos FOLDER]

Of 300 color images as different as photographs. Nothing differs between the average of all draws of
each and some of these draws, nor between two sets of one population, of which some share images and
tell by their sketches how many. An alarm is any mean or std that differs by more than chance,
Holm-corrected, at 95 %. With a folder of photographs, 60 of them
are compared with `colorjitter` by 30 seeds, beside what is claimed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from coverage_of_pairs import SIDE, brightness, crop, drawn, erasing, moments, photos, pool
from many_runs import arguments, rows_of

from bnstat.estimators import paired_margins, sketch, two_pass, uncertainty
from bnstat.estimators.intervals import t_quantile
from bnstat.moments import ChunkMoments, Kind, MomentsTable, Records
from bnstat.result import MeanAndStd
from bnstat.show.significance import (
    _p_values,
    adjusted_p_values,
    correlation,
    error_of_difference,
    number_shared,
)

IMAGES, MANY, SHIFT, LEVEL = 300, 3000, 0.02, 0.05
TINT = np.array([1.0, 0.95, 0.9])  # channels of photographs are alike, not equal
SAMPLES = float(SIDE**2)


def records_of(
    means: np.ndarray, variances: np.ndarray, names: Iterable[int] | None = None
) -> Records:
    """Return records of images of (images, draws) means and variances, in three channels."""
    images, draws = means.shape
    mean, var = (v.reshape(-1, 1) * t for v, t in ((means, TINT), (variances, TINT**2)))
    table = MomentsTable(1, np.full(mean.shape, int(SAMPLES)), mean, var * SAMPLES)
    records = Records(draws)
    keys = [b"%06d" % image for image in (range(images) if names is None else names)]
    rows = np.repeat(np.arange(images), draws).tolist()
    records.extend(keys, ChunkMoments(Kind("RGB", tuple("RGB"), 1), rows, table, None))
    return records


def is_alarm(p_values: MeanAndStd) -> bool:
    """Whether any figure of a comparison of two rows differs by more than chance."""
    (adjusted,) = adjusted_p_values([p_values])
    return min(*adjusted.mean, *adjusted.std) < LEVEL


def paired(case: tuple, rng: np.random.Generator, shift: float) -> bool:
    """Return whether a pipeline that changes nothing but by a shift raises an alarm."""
    draw, epochs = case
    means, variances = pool(draw, IMAGES)
    average = means.mean(axis=1)
    square = (variances + means**2).mean(axis=1)
    plain = records_of((average - shift)[:, np.newaxis], (square - average**2)[:, np.newaxis])
    other = records_of(*drawn(draw, IMAGES, epochs, rng))
    found = paired_margins(plain, other, IMAGES, random=True, confidence=1 - LEVEL, controls=plain)
    return is_alarm(found.p_values)


@cache
def population() -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the images that sets are taken from."""
    return moments(photos(20_000))


def apart(case: tuple[int, float], rng: np.random.Generator, shift: float) -> bool:
    """Return whether two sets of images of one population raise an alarm.

    A case is their size and how much of it is in both; in the second, the others have the shift.
    """
    images, share = case
    mean, var = population()
    own = round(images * (1 - share))
    chosen = rng.choice(len(mean), images + own, replace=False)
    moved = np.copy(mean)
    moved[chosen[images:]] += shift
    sets = (mean, np.sort(chosen[:images])), (moved, np.sort(chosen[own:]))
    both = [records_of(m[s][:, np.newaxis], var[s][:, np.newaxis], s) for m, s in sets]
    sure = [uncertainty(r, images, random=False, confidence=1 - LEVEL) for r in both]
    shared = number_shared(*map(sketch, both), (images, images))
    errors = error_of_difference(
        *(each.superpopulation for each in sure), correlation(shared, (images, images))
    )
    one, other = map(two_pass, both)
    return is_alarm(_p_values(one, other, errors))


CASES = {
    **{
        f"{draw.__name__}, {epochs} epoch{'s' * (epochs > 1)}": (paired, (draw, epochs))
        for draw in (brightness, crop, erasing)
        for epochs in (1, 2)
    },
    "two sets of one population": (apart, (IMAGES, 0.0)),
    **{
        f"two sets of {images:,} that share {share:.0%}": (apart, (images, share))
        for images, share in ((IMAGES, 0.5), (IMAGES, 0.9), (MANY, 0.9), (MANY, 0.99))
    },
}


def row(name: str, runs: int) -> str:
    """Return the shares of runs with an alarm: where nothing differs, and by a shift."""
    test, case = CASES[name]
    rng = np.random.default_rng(3)
    shares = [np.mean([test(case, rng, shift) for _ in range(runs)]) for shift in (0.0, SHIFT)]
    return f"{name:46}" + "".join(f"{share:14.3f}" for share in shares)


VIDEOS, FRAMES = 20, 50


def clusters(name: str, runs: int) -> str:
    """Return how often mean and std of a population of videos are within two errors."""
    rng, held, reliable = np.random.default_rng(4), np.zeros((runs, 2)), []
    level, light, inside = 120 / 255, 30 / 255, 3 / 255
    truth = level, np.sqrt(light**2 + inside**2 + 0.01)
    for run in range(runs):
        lights = rng.normal(level, light, (VIDEOS, 1)) + rng.normal(0, inside, (VIDEOS, FRAMES))
        means = lights.reshape(-1, 1)
        records = records_of(means, np.full(means.shape, 0.01))
        of = (lambda key: str(int(key) // FRAMES)) if name == "videos" else None
        sure = uncertainty(records, len(means), random=False, confidence=0.95, clusters=of)
        t = t_quantile(0.975, (VIDEOS if of else len(means)) - 1)
        found = two_pass(records)
        for i, figure in enumerate(("mean", "std")):
            error = getattr(sure.superpopulation, figure)[0]  # of R, which is not tinted
            held[run, i] = abs(getattr(found, figure)[0] - truth[i]) <= t * error
        reliable.append(sure.reliable)
    shares = (*held.mean(axis=0), np.mean(reliable))
    return f"20 videos of 50 frames, over {name:17}" + "".join(f"{s:14.3f}" for s in shares)


SEEDS, CHOSEN, SMALLER = 30, 60, 8


def photographs(folder: str) -> Iterator[str]:
    """Yield how colorjitter varies over seeds beside what is claimed, for each figure."""
    from PIL import Image

    import bnstat

    with tempfile.TemporaryDirectory() as small:
        every = sorted(Path(folder).rglob("*.jpg"))
        for number, path in enumerate(every[:CHOSEN]):
            with Image.open(path) as image:
                smaller = image.width // SMALLER, image.height // SMALLER
                image.draft("RGB", smaller)
                image.convert("RGB").resize(smaller).save(Path(small) / f"{number}.png")
        rows = [
            bnstat.compare(small, augment="colorjitter", seed=seed, workers=1)
            for seed in range(SEEDS)
        ]
    headings = "".join(f"{heading:>14}" for heading in ("1.96 sd", "claimed", "apart"))
    yield f"{'colorjitter, 60 photographs, 30 seeds':46}{headings}"
    for name in ("mean", "std"):
        found = np.array([getattr(r.differences[1], name) for r in rows])
        claimed = np.mean([getattr(r.differences[1].pair.margin, name) for r in rows], axis=0)
        errors = [getattr(r.rows[1].result.uncertainty.superpopulation, name) for r in rows]
        apart_ = t_quantile(0.975, CHOSEN - 1) * np.mean(errors, axis=0)
        for c, sd in enumerate(found.std(axis=0, ddof=1)):
            figures = f"{1.96 * sd:14.4f}{claimed[c]:14.4f}{apart_[c]:14.4f}"
            yield f"{name} of {'RGB'[c]}{'':{46 - len(name) - 5}}{figures}"


def main() -> None:
    """Print the tables."""
    asked = arguments(__doc__, runs=2000, photos=None)
    print(f"{'alarms of comparisons of 300 images':46}{'no shift':>14}{f'shift {SHIFT}':>14}")
    for line in rows_of(row, CASES, asked):
        print(line, flush=True)
    print(f"\n{'errors of a population':46}{'mean':>14}{'std':>14}{'reliable':>14}")
    for line in rows_of(clusters, ("videos", "frames"), asked):
        print(line, flush=True)
    if asked.photos:
        print()
        for line in photographs(asked.photos):
            print(line, flush=True)


if __name__ == "__main__":
    main()
