"""A sample that grows until its figures are sure enough."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import TypeAlias

from bnstat.errors import MeasureError
from bnstat.estimators import look_sizes, uncertainty
from bnstat.measure.dispatch import Chunk, chunks
from bnstat.measure.found import Scan, of_files
from bnstat.measure.measured import Result
from bnstat.measure.plan import Plan
from bnstat.moments import Records
from bnstat.settings import Progress
from bnstat.sources.reference import Reference
from bnstat.sources.source import Population

# What yields the unknown of some images, and sets aside what is known of the others.
Unknown: TypeAlias = Callable[
    [Iterable[Reference], Callable[[Chunk, Result], None]], Iterator[Reference]
]


@dataclass
class StoppingRule:
    """Ends a sample, in the order of the sampling hash, once all margins are within a tolerance.

    The margins are computed at sizes that depend on the population alone, so that neither workers
    nor engine decide where it stops; meanwhile workers go on with what follows.

    population: all images found; plan: what is measured of each; margin: the largest one at the
    last size, infinity before.
    """

    population: Population
    plan: Plan
    margin: float = math.inf
    _fingerprints: dict[int, int] = field(default_factory=dict)
    _last_size: int = 0

    @property
    def tolerance(self) -> float:
        """What the margins of all means and stds are to be within."""
        tolerance = self.plan.settings["until"]
        assert tolerance is not None
        return tolerance

    @property
    def sizes(self) -> Iterator[int]:
        """Numbers of images, ascending, at which to compute the margins; the last is all."""
        return look_sizes(self.population.found)

    def images(self) -> Iterator[Reference]:
        """Yield the images; those between two sizes come in the order of their keys."""
        start = total = number = 0
        for end in self.sizes:
            for reference in self.population.choice(start, end):
                total = (total + reference.fingerprint()) % 2**256
                number += 1
                if number == end:
                    self._fingerprints[end] = total
                yield reference
            start = end

    def next_size(self, files: Fraction) -> int:
        """Return the size that a scan of so many files is on its way to."""
        return next((size for size in self.sizes if size > files), int(files))

    def enough(self, found: Scan) -> bool:
        """Whether the margins are within the tolerance; they are computed at the sizes alone."""
        files = found.files
        if files == self._last_size or files not in self._fingerprints:
            return self.margin <= self.tolerance
        controls = found.views[-1].records if self.plan.controls else None
        pairs = zip(found.views, self.plan.pipelines, strict=False)  # of all but the controls
        self.margin = max(
            self._margin(view.records, self.plan.is_random(pipeline), controls)
            for view, pipeline in pairs
        )
        self._last_size = int(files)
        found.fingerprint = self._fingerprints[self._last_size]
        return self.margin <= self.tolerance

    def progress(self, found: Scan) -> Progress:
        """Return how far the scan is; the total is an estimate from the last margins."""
        margin = None if math.isinf(self.margin) else self.margin
        files = int(found.files)
        total = max(self._needed(), files)
        return Progress(files, found.failures, found.bytes, total, margin)

    def _needed(self) -> int:
        """Estimate the images needed: a margin falls as the root of 1/m - 1/N."""
        everything = self.population.found
        if not self._last_size or math.isinf(self.margin):
            return everything
        now = 1.0 / self._last_size - 1.0 / everything
        then = 1.0 / everything + now * (self.tolerance / self.margin) ** 2 if self.margin else 1.0
        return min(everything, math.ceil(1.0 / then))

    def _margin(self, records: Records, random: bool, controls: Records | None) -> float:
        if len(records.modes) > 1:
            raise MeasureError(
                f"--until needs images of one mode, and these are {', '.join(records.modes)}; "
                "name one with --mode, or use --sample"
            )
        if len(records) < 2 or not all(records.count):
            return math.inf
        if self.plan.by_file:
            records, controls = of_files(records), controls and of_files(controls)
        sure = uncertainty(
            records,
            self.population.found,
            random=random,
            confidence=self.plan.settings["confidence"] / 100,
            controls=controls,
            in_order=False,
        )
        if sure is None or sure.margin is None:
            return 0.0
        return max(*sure.margin.mean, *sure.margin.std)


class GrowingScan:
    """A scan that its rule ends.

    No chunk is of two steps of the sample, and what is known of a step, by a journal, is added when
    the scan has come to it: so it ends at the same image, whatever is known.

    Attributes
    ----------
    ended
        Whether enough was measured.
    """

    def __init__(
        self, rule: StoppingRule, found: Scan, add: Callable[[Chunk, Result], None]
    ) -> None:
        self.ended = False
        self._rule, self._found, self._add = rule, found, add
        self._known: deque[tuple[int, Chunk, Result]] = deque()  # and the size that ends the step

    def chunks(
        self,
        images: Iterable[Reference],
        unknown: Unknown | None,
        framed: Callable[[Iterable[Reference]], Iterator[Reference]] = iter,
    ) -> Iterator[Chunk]:
        """Yield what is to be measured, in chunks; `framed` yields the frames of files."""
        coming, start = iter(images), 0
        for end in self._rule.sizes:
            step = framed(islice(coming, end - start))
            if unknown is not None:
                step = unknown(step, lambda *known, end=end: self._known.append((end, *known)))
            yield from chunks(step)
            self._add_known()
            if self.ended:
                return
            start = end

    def add(self, chunk: Chunk, result: Result) -> None:
        self._add(chunk, result)
        self._add_known()

    def _add_known(self) -> None:
        self.ended = self._rule.enough(self._found)
        while not self.ended and self._known:
            end, chunk, result = self._known[0]
            if end > self._rule.next_size(self._found.files):
                break
            self._known.popleft()
            self._add(chunk, result)
            self.ended = self._rule.enough(self._found)
