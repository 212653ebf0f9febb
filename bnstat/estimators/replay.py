"""Records to what BatchNorm would hold under many schedules; no image is decoded again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

import numpy as np

from bnstat.estimators.batchnorm import (
    Epochs,
    Expectation,
    Schedule,
    epochs_of,
    expectation,
    moments_of_epochs,
)
from bnstat.estimators.methods import two_pass
from bnstat.moments import ChannelMoments, Floats, Ints, Records
from bnstat.result import Estimate, Stats
from bnstat.result.running_statistics import Cell, Off, Sweep


@dataclass(frozen=True)
class Ranks:
    """Ranks that train together, to which torch's DistributedSampler deals the order of an epoch.

    It is filled up from its own beginning until `number` divides it, and rank r has the positions
    r, r + number, ... So the batches that come at the same time, of B images a rank, are the next
    number·B of the order.

    synchronized: whether a layer sees the batches of all `number` ranks together, as SyncBatchNorm
    does, or those of rank 0 alone, whose layer DistributedDataParallel saves.
    """

    number: int = 1
    synchronized: bool = True

    def seen(self, images: int) -> int:
        each = -(-images // self.number)
        return each * self.number if self.synchronized else each

    def dealt(self, order: Ints) -> Ints:
        """Return what a layer sees of the order of an epoch."""
        filled = np.resize(order, -(-len(order) // self.number) * self.number)
        return filled if self.synchronized else filled[:: self.number]

    def at_once(self, batch_size: int) -> int:
        """Return how many images a layer sees at once, of batches of a size on each rank."""
        return batch_size * self.number if self.synchronized else batch_size


@dataclass(frozen=True)
class Grid:
    """Which schedules to replay; `repeats` is the number of seeds, from that of `seed` on.

    `ranks` train together, each with batches of these sizes; None is training on one device.
    """

    batch_sizes: tuple[int, ...]
    momenta: tuple[float | None, ...]
    orders: tuple[str, ...]
    repeats: int
    seed: int = 0
    epochs: int = 1
    ranks: int | None = None

    @property
    def shares(self) -> list[Ranks]:
        """What layers see of each epoch: with several ranks, synchronized, and one of them."""
        if self.ranks is None:
            return [Ranks()]
        return [Ranks(self.ranks), Ranks(self.ranks, synchronized=False)]


def sweep(records: Records, grid: Grid, stats: Stats) -> Sweep:
    """Replay each schedule of the grid, with several seeds where the order is shuffled.

    `stats` is the result that the records have given. TooFewSamplesError if a batch has a single
    sample per channel.
    """
    channels = [epochs_of(records, c, grid.epochs) for c in range(len(records.channels))]
    replay = _Replay(list(records.keys()), channels, grid, two_pass(records))
    shuffled = {ranks: replay.shuffled(ranks) for ranks in grid.shares}
    cells = [
        cell
        for order in grid.orders
        for ranks in grid.shares
        for cell in replay.cells(order, ranks, shuffled[ranks])
    ]
    return Sweep(tuple(cells), len(records), stats)


# Of each repeat and channel, the means and variances of all batches: (repeats, channels, batches).
Batches: TypeAlias = tuple[Floats, Floats]


@dataclass(frozen=True)
class _Replay:
    """What schedules are replayed on: images, each channel's moments in each epoch, the truth."""

    keys: Sequence[bytes]
    channels: Sequence[Sequence[ChannelMoments]]
    grid: Grid
    exact: Estimate

    def shuffled(self, ranks: Ranks) -> dict[int, list[Epochs]]:
        """Return how each channel's batches vary over shuffles, by batch size."""
        seen = ranks.seen(len(self.keys))
        return {
            size: [Epochs.shuffled(each, ranks.at_once(size), seen) for each in self.channels]
            for size in self.grid.batch_sizes
        }

    def cells(
        self, order: str, ranks: Ranks, shuffled: Mapping[int, Sequence[Epochs]]
    ) -> Iterator[Cell]:
        seen = self._batches(order, ranks)
        for size, momentum in product(self.grid.batch_sizes, self.grid.momenta):
            at_once = ranks.at_once(size)
            schedule = Schedule(at_once, momentum, order, self.grid.seed, self.grid.epochs)
            means, variances = seen[size]
            batches = means.shape[2]
            weights, start = schedule.batch_weights(batches), schedule.start_weight(batches)
            expected = [expectation(epochs, schedule) for epochs in shuffled[size]]
            rms_of_mean, rms_of_std = _expected(expected, self.exact)
            yield Cell(
                batch_size=size,
                momentum=momentum,
                order=order,
                repeats=len(means),
                batches=batches,
                start_weight=start,
                mean=_off(means @ weights - self.exact.mean, rms_of_mean),
                std=_off(np.sqrt(start + variances @ weights) - self.exact.std, rms_of_std),
                ranks=ranks.number,
                synchronized=ranks.number > 1 and ranks.synchronized,
            )

    def _batches(self, order: str, ranks: Ranks) -> dict[int, Batches]:
        """Return the batches of every repeat by size; an order serves all sizes and momenta."""
        grid = self.grid
        collected: dict[int, list[list[Batches]]] = {size: [] for size in grid.batch_sizes}
        repeats = grid.repeats if order == "shuffled" else 1
        for seed in range(grid.seed, grid.seed + repeats):
            whole = Schedule(order=order, seed=seed, epochs=grid.epochs).orders(self.keys)
            orders = [ranks.dealt(each) for each in whole]
            for size in grid.batch_sizes:
                at_once = ranks.at_once(size)
                replayed = [moments_of_epochs(each, orders, at_once) for each in self.channels]
                collected[size].append(replayed)
        return {size: _stacked(replays) for size, replays in collected.items()}


def _stacked(repeats: list[list[Batches]]) -> Batches:
    means, variances = (np.array([[c[i] for c in repeat] for repeat in repeats]) for i in (0, 1))
    return means, variances


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
