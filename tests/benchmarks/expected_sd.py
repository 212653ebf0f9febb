"""What `expected_sd` claims, over what shuffles do; the tables of docs/methods.md.

    python tests/benchmarks/expected_sd.py FOLDER... [--shuffles 2000] [--runs 200]

For each folder and schedule: the claimed over the empirical standard deviation of the running mean
and variance, the smallest and the largest of the channels; how far the claimed centre is from that
of the shuffles, at most, in their sd; and in how many of shuffled runs, each of another seed, a
figure is further off than `compare` allows.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bnstat.estimators import Schedule, moments_of_batches
from bnstat.estimators.batchnorm import Epochs, epochs_of, expectation, running_values
from bnstat.measure.scanning import measure
from bnstat.moments import ChannelMoments, Records
from bnstat.settings import Settings, complete
from bnstat.show.verdicts import NOISE, ROUNDING
from bnstat.sources.opening import open_sources

SCHEDULES = (
    *(Schedule(64), Schedule(8, None), Schedule(8), Schedule(64, None)),
    *(Schedule(32, 0.01), Schedule(16, None, epochs=3)),
)


def over_shuffles(
    columns: Sequence[ChannelMoments], schedule: Schedule, shuffles: int
) -> np.ndarray:
    """Return running means and variances, (shuffles, 2): of epochs shuffled by numpy."""
    rng, found = np.random.default_rng(1), []
    for _ in range(shuffles):
        batches = [
            moments_of_batches(column, rng.permutation(len(column.n)), schedule.batch_size)
            for column in columns
        ]
        means, variances = map(np.concatenate, zip(*batches, strict=True))
        weights = schedule.batch_weights(len(means))
        found.append((weights @ means, schedule.start_weight(len(means)) + weights @ variances))
    return np.array(found)


def alarms(records: Records, schedule: Schedule, runs: int) -> int:
    """Return in how many runs a running value is further from its expectation than allowed."""
    claims = [
        expectation(
            Epochs.shuffled(epochs_of(records, c, schedule.epochs), schedule.batch_size), schedule
        )
        for c in range(len(records.channels))
    ]
    number = 0
    for seed in range(runs):
        values = running_values(records, replace(schedule, seed=seed))
        number += any(
            abs(mean - each.mean) > NOISE * each.sd_of_mean + ROUNDING
            or abs(var - each.var) > NOISE * each.sd_of_var + ROUNDING
            for (mean, var), each in zip(values, claims, strict=True)
        )
    return number


def row(records: Records, schedule: Schedule, shuffles: int, runs: int) -> str:
    """Return a line of the table."""
    of_mean, of_var, centre = [], [], 0.0
    for channel in range(len(records.channels)):
        columns = epochs_of(records, channel, schedule.epochs)
        claim = expectation(Epochs.shuffled(columns, schedule.batch_size), schedule)
        found = over_shuffles(columns, schedule, shuffles)
        sds = found.std(axis=0, ddof=1)
        of_mean.append(claim.sd_of_mean / sds[0])
        of_var.append(claim.sd_of_var / sds[1])
        away = np.abs(found.mean(axis=0) - (claim.mean, claim.var)) / sds
        centre = max(centre, float(away.max()))
    momentum = "cumulative" if schedule.momentum is None else f"{schedule.momentum:g}"
    return (
        f"{schedule.batch_size:5}  {momentum:10} {schedule.epochs:7}   "
        f"{min(of_mean):.2f} to {max(of_mean):.2f}   {min(of_var):.2f} to {max(of_var):.2f}"
        f"  {centre:6.2f}  {alarms(records, schedule, runs):3} of {runs}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--shuffles", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=200)
    given = parser.parse_args()
    for folder in given.folders:
        settings = complete(Settings, {})
        result = measure(open_sources([folder], settings), [None], settings)[0]
        sizes = result.records.column(0).n
        largest = sizes.max() / sizes.mean()
        print(f"{folder}: {len(sizes):,} images, the largest has {largest:.1f} times the mean size")
        print("batch  momentum    epochs   sd of mean     sd of var      centre  alarms")
        for schedule in SCHEDULES:
            print(row(result.records, schedule, given.shuffles, given.runs), flush=True)
        print()


if __name__ == "__main__":
    main()
