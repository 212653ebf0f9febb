"""Some hashes of a set's images, by which two results tell how many images they share.

Of each image there is a hash of 64 bits, and a sketch holds the smallest of them (bottom-k: Cohen
and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). Below the largest hash that both
sketches reach, each knows all of its images that are there; these are a random share of all, and as
large a part of them is in both as of all (Broder, "On the resemblance and containment of
documents", 1997). A sketch that is not full knows all its images, so that small sets are exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SKETCH_SIZE = 256


@dataclass(frozen=True)
class Sketch:
    """The smallest hashes of a set's images, ascending, at most `SKETCH_SIZE`."""

    hashes: tuple[int, ...]

    @classmethod
    def of(cls, hashes: Iterable[int]) -> Sketch:
        """Return the sketch of a set, or of several, from at least their smallest hashes."""
        return cls(tuple(sorted(set(hashes))[:SKETCH_SIZE]))

    def __str__(self) -> str:
        """Return 16 hex digits a hash."""
        return "".join(f"{each:016x}" for each in self.hashes)

    @property
    def is_whole(self) -> bool:
        """Whether it knows all images of its set."""
        return len(self.hashes) < SKETCH_SIZE

    def resemblance(self, other: Sketch) -> float:
        """Return the share of all images of two sets that is in both, in [0, 1].

        Where it is an estimate, one more image counts as in one set alone: by chance, none of the
        few that are may be seen.
        """
        reach = min(self._reach, other._reach)
        ones, others = ({h for h in each.hashes if h <= reach} for each in (self, other))
        unseen = 0 if self.is_whole and other.is_whole else 1
        return len(ones & others) / max(1, len(ones | others) + unseen)

    @property
    def _reach(self) -> int:
        """Up to which hash it knows all images of its set."""
        return 2**64 if self.is_whole else self.hashes[-1]
