"""What a worker does with a chunk: decode each image, count its samples, keep the moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bnstat.images import Reference, decoding, samples
from bnstat.moments import Part, Tally


@dataclass(frozen=True)
class Measured:
    """What becomes of a chunk.

    parts: the moments of its images; failures: (row in the chunk, reason); deep: rows of images
    deeper than 8 bits.
    """

    parts: list[Part]
    failures: list[tuple[int, str]]
    deep: list[int]


@dataclass(frozen=True)
class Measure:
    """Measures chunks in the asked mode; sent to workers."""

    mode: str
    max_pixels: int

    def __call__(self, chunk: Sequence[Reference]) -> Measured:
        """Return the moments of a chunk's images; one that cannot be measured is a failure."""
        tally, failures, deep = Tally(), [], []
        with decoding.strict_pillow(self.max_pixels):
            for row, reference in enumerate(chunk):
                try:
                    if self._add(tally, row, reference):
                        deep.append(row)
                except Exception as error:
                    failures.append((row, decoding.reason(error, reference.size)))
        return Measured(list(tally.parts()), failures, deep)

    def _add(self, tally: Tally, row: int, reference: Reference) -> bool:
        if reference.problem is not None:
            raise decoding.UnmeasurableError(reference.problem)
        with open(reference.path, "rb") as file:
            image, deep = decoding.load(file)
            samples.add(tally, row, image, self.mode)
        return deep
