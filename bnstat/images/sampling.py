"""A random sample of a set's images, by a seeded hash of the key: the same in any run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b


def hash_rank(seed: int, key: bytes) -> int:
    """Return a 64-bit hash of a key; a sample is made of the images where it is smallest.

    >>> hash_rank(0, b"a.jpg") == hash_rank(0, b"a.jpg") != hash_rank(1, b"a.jpg")
    True
    """
    return int.from_bytes(blake2b(b"sample/%d/%s" % (seed, key), digest_size=8).digest())


@dataclass(frozen=True)
class SampleSize:
    """How many images a sample has: a number, or a share of all that are found."""

    images: int | None = None
    share: Fraction | None = None

    @classmethod
    def read(cls, text: str) -> SampleSize:
        """Return the size that is typed as N or P%.

        Raises
        ------
        ValueError
            If it is neither a number of images nor a percentage in (0, 100].

        Examples
        --------
        >>> SampleSize.read("2.5%").of(1001), SampleSize.read("300").of(1001)
        (26, 300)
        """
        if re.fullmatch(r"[0-9]{1,15}", text) and int(text) > 0:
            return cls(images=int(text))
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,15})?%", text):
            share = Fraction(text[:-1]) / 100
            if 0 < share <= 1:
                return cls(share=share)
        raise ValueError(f"{text!r} is neither a number of images nor a percentage such as 5%")

    def of(self, found: int) -> int:
        """Return how many of the images found are in the sample: a share is rounded up."""
        if self.images is not None:
            return min(self.images, found)
        assert self.share is not None
        return -(-found * self.share.numerator // self.share.denominator)


@dataclass(frozen=True)
class Sampling:
    """That a run measures a sample.

    asked: as typed; seed: of the hash; size: None for a sample that grows until it is enough.
    """

    asked: str
    seed: int
    size: SampleSize | None
