"""What was measured of a chunk, and one view of it while its images are counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from bnstat.decode.modes import notes_of
from bnstat.decode.references import Decoded, DecodeReport
from bnstat.moments import Appearances, ChunkCounts, ChunkMoments, Hashes
from bnstat.sources.items import Membership


@dataclass
class Measured:
    """What was measured of a chunk in one view of it.

    moments: of its images, by kind; failures: (row in the chunk, reason); deep: rows of images
    deeper than 8 bits; warnings: (row, what Pillow warned of); transparent: rows of images with
    fully transparent pixels; memberships: the groups and clusters that a dataset gives images, by
    row; notes: row, code of a warning, a few words, a number; appearances: what images are like,
    the same in all views; hashes: in the first view, where asked for.
    """

    moments: list[ChunkMoments] = field(default_factory=list)
    failures: list[tuple[int, str]] = field(default_factory=list)
    deep: list[int] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)
    transparent: list[int] = field(default_factory=list)
    memberships: dict[int, Membership] = field(default_factory=dict)
    notes: list[tuple[int, str, str, int]] = field(default_factory=list)
    appearances: Appearances = field(default_factory=Appearances)
    hashes: Hashes = field(default_factory=Hashes)


Result: TypeAlias = list[Measured]


@dataclass
class CountedView:
    """One view of a chunk while its images are counted: their samples, and what else is found."""

    samples: ChunkCounts
    found: Measured = field(default_factory=Measured)

    def note(self, decoded: Decoded, *, transparent: bool) -> None:
        """Note what is to be told of an image that was counted."""
        found, row = self.found, decoded.row
        if decoded.deep:
            found.deep.append(row)
        if transparent:
            found.transparent.append(row)
        if decoded.membership is not None:
            found.memberships[row] = decoded.membership
        found.notes.extend((row, *note) for note in notes_of(decoded.image))

    def measured(
        self, report: DecodeReport, appearances: Appearances, *, per_image: bool, describe: bool
    ) -> Measured:
        """Return all of it, when all images were counted."""
        found = self.found
        found.moments = list(
            self.samples.moments(per_image_histograms=per_image, histogram_figures=describe)
        )
        found.failures = sorted(report.failures + found.failures)
        found.warnings, found.appearances = report.warnings, appearances
        return found
