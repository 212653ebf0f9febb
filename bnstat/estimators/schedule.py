"""In which batches a layer sees the images."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from bnstat.moments.table import Floats, Ints


@dataclass(frozen=True)
class Ranks:
    """Ranks that train together, to which torch's DistributedSampler deals the order of an epoch.

    It is filled up from its own beginning until `number` divides it, and rank r has the positions
    r, r + number, ... So the batches that come at the same time, of B images a rank, are the next
    number·B of the order.

    Attributes
    ----------
    number
        How many there are.
    synchronized
        Whether a layer sees the batches of all ranks together, as SyncBatchNorm does, or those of
        rank 0 alone, whose layer DistributedDataParallel saves.
    """

    number: int = 1
    synchronized: bool = True

    def seen(self, images: int) -> int:
        """Return how many images of an epoch a layer sees."""
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
class Schedule:
    """In which batches the images come.

    Attributes
    ----------
    batch_size
        Images a batch; the last, short one of an epoch is kept.
    momentum
        Weight of a new batch in (0, 1]; None averages all batches alike, as torch does.
    order
        "shuffled": each epoch by blake2b(seed, epoch, key), so that an image's place does not
        depend on how a set is split; "listed": by key.
    seed, epochs
        Of the shuffling, and how often all images are seen.
    sizes
        Of batches that came one after the other, in place of equal ones of `batch_size`.
    """

    batch_size: int = 64
    momentum: float | None = 0.1
    order: str = "shuffled"
    seed: int = 0
    epochs: int = 1
    sizes: tuple[int, ...] = ()

    def orders(self, keys: Collection[bytes]) -> list[Ints]:
        """Return, for each epoch, the positions of the images in the order they are seen."""
        if self.order == "listed":
            return [np.arange(len(keys))] * self.epochs
        return [_shuffled(keys, self.seed, epoch) for epoch in range(self.epochs)]

    def batch_sizes(self, images: int) -> Ints:
        """Return how many images each batch of an epoch has; the last may be short."""
        if self.sizes:
            return np.array(self.sizes)
        starts = np.arange(0, images, min(self.batch_size, images))
        return np.diff(np.append(starts, images))

    def batch_weights(self, batches: int) -> Floats:
        """Return the weight of each batch in the final running value, float64 of (batches,)."""
        if self.momentum is None:
            return np.full(batches, 1.0 / batches)
        return self.momentum * (1.0 - self.momentum) ** np.arange(batches - 1.0, -1.0, -1.0)

    def start_weight(self, batches: int) -> float:
        """Return the weight that the initial mean 0 and variance 1 keep."""
        return 0.0 if self.momentum is None else (1.0 - self.momentum) ** batches


def _shuffled(keys: Collection[bytes], seed: int, epoch: int) -> Ints:
    salt = f"{seed}/{epoch}/".encode()
    digests = (blake2b(salt + key, digest_size=8).digest() for key in keys)
    places = np.fromiter(map(int.from_bytes, digests), dtype=np.uint64, count=len(keys))
    return np.argsort(places, kind="stable")
