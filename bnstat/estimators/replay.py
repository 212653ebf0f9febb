"""Records to what BatchNorm would hold under many schedules; no image is decoded again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from bnstat.estimators import (
    Epochs,
    Expectation,
    Schedule,
    epochs_of,
    expectation,
    moments_of_batches,
    two_pass,
)
from bnstat.moments import Column, Records
from bnstat.moments.table import Floats, Ints
from bnstat.result import Estimate, Stats
from bnstat.result.sweep import Cell, Off, Sweep


@dataclass(frozen=True)
class Grid:
    """Which schedules to replay; `repeats` is the number of seeds, from that of `seed` on."""

    batch_sizes: tuple[int, ...]
    momenta: tuple[float | None, ...]
    orders: tuple[str, ...]
    repeats: int
    seed: int = 0
    epochs: int = 1


def sweep(records: Records, grid: Grid, stats: Stats) -> Sweep:
    """Replay each schedule of the grid, with several seeds where the order is shuffled.

    `stats` is the result that the records have given.

    Raises
    ------
    TooFewSamplesError
        If a batch has a single sample per channel.
    """
    exact = two_pass(records)
    channels = [epochs_of(records, c, grid.epochs) for c in range(len(records.channels))]
    shuffled = {
        size: [Epochs.shuffled(epochs, size) for epochs in channels] for size in grid.batch_sizes
    }
    cells = []
    for order in grid.orders:
        seen = _replayed(list(records.keys()), channels, grid, order)
        for size in grid.batch_sizes:
            for momentum in grid.momenta:
                schedule = Schedule(size, momentum, order, grid.seed, grid.epochs)
                means, variances = _running(seen[size], schedule)
                off = means - exact.mean, np.sqrt(variances) - exact.std
                expected = [expectation(epochs, schedule) for epochs in shuffled[size]]
                cells.append(_cell(schedule, len(records), off, _expected(expected, exact)))
    return Sweep(tuple(cells), len(records), stats)


# Of each repeat and channel, the means and variances of all batches: (repeats, channels, batches).
Batches: TypeAlias = tuple[Floats, Floats]


def _replayed(
    keys: Sequence[bytes], channels: Sequence[Sequence[Column]], grid: Grid, order: str
) -> dict[int, Batches]:
    """Return the batches of every repeat by batch size; an order serves all sizes and momenta."""
    collected: dict[int, list[list[Batches]]] = {size: [] for size in grid.batch_sizes}
    repeats = grid.repeats if order == "shuffled" else 1
    for seed in range(grid.seed, grid.seed + repeats):
        orders = replace(Schedule(order=order), seed=seed, epochs=grid.epochs).orders(keys)
        for size in grid.batch_sizes:
            collected[size].append([_epochs(epochs, orders, size) for epochs in channels])
    return {size: _stacked(replays) for size, replays in collected.items()}


def _epochs(epochs: Sequence[Column], orders: Sequence[Ints], size: int) -> Batches:
    pairs = [moments_of_batches(c, order, size) for c, order in zip(epochs, orders, strict=True)]
    means, variances = zip(*pairs, strict=True)
    return np.concatenate(means), np.concatenate(variances)


def _stacked(repeats: list[list[Batches]]) -> Batches:
    means, variances = (np.array([[c[i] for c in repeat] for repeat in repeats]) for i in (0, 1))
    return means, variances


def _running(batches: Batches, schedule: Schedule) -> tuple[Floats, Floats]:
    """Return the final running means and variances, (repeats, channels)."""
    means, variances = batches
    weights = schedule.batch_weights(means.shape[2])
    return means @ weights, schedule.start_weight(means.shape[2]) + variances @ weights


def _cell(
    schedule: Schedule,
    images: int,
    off: tuple[Floats, Floats],
    expected: tuple[float, float],
) -> Cell:
    batches = schedule.epochs * len(schedule.batch_sizes(images))
    return Cell(
        batch_size=schedule.batch_size,
        momentum=schedule.momentum,
        order=schedule.order,
        repeats=len(off[0]),
        batches=batches,
        start_weight=schedule.start_weight(batches),
        mean=_off(off[0], expected[0]),
        std=_off(off[1], expected[1]),
    )


def _off(away: Floats, expected: float) -> Off:
    rms = np.sqrt((away**2).mean(axis=0))
    return Off(float(np.abs(away).max()), float(rms.max()), expected)


def _expected(channels: Sequence[Expectation], exact: Estimate) -> tuple[float, float]:
    """Return the root mean square difference of mean and std in theory, in the worst channel.

    A running value is off by its bias and by its noise. The std's noise is the variance's, through
    the slope of the square root.
    """
    means, stds = [], []
    for channel, mean, std in zip(channels, exact.mean, exact.std, strict=True):
        means.append(math.hypot(channel.mean - mean, channel.sd_of_mean))
        running = math.sqrt(max(channel.var, 0.0))
        noise = channel.sd_of_var / (2 * running) if running else 0.0
        stds.append(math.hypot(running - std, noise))
    return max(means), max(stds)
