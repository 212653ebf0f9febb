"""A random sample of a set's images, by a seeded hash of the key: the same in any run."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from bnstat.settings.sampling import SampleSize


def hash_rank(seed: int, key: bytes) -> int:
    """Return a 64-bit hash of a key; a sample is made of the images where it is smallest.

    >>> hash_rank(0, b"a.jpg") == hash_rank(0, b"a.jpg") != hash_rank(1, b"a.jpg")
    True
    """
    return int.from_bytes(blake2b(b"sample/%d/%s" % (seed, key), digest_size=8).digest())


@dataclass(frozen=True)
class Sampling:
    """That a run measures a sample.

    asked: as typed; seed: of the hash; size: None for a sample that grows until it is enough.
    """

    asked: str
    seed: int
    size: SampleSize | None
