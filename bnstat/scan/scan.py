"""Image references to records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bnstat.engines import Engine
from bnstat.errors import MeasureError
from bnstat.images import Reference
from bnstat.moments import Records
from bnstat.scan.chunks import chunks
from bnstat.scan.dispatch import Chunk, dispatch
from bnstat.scan.known_images import recalled, record
from bnstat.scan.measure import Measure, Measured, Result
from bnstat.text import key_text

if TYPE_CHECKING:  # it needs sqlite3, which most runs do not
    from bnstat.journal import Journal


@dataclass(frozen=True)
class Progress:
    """How far a scan is: images done, how many of them failed, bytes read, and images in all.

    `total` is None as long as it is not known.
    """

    images: int
    failures: int
    bytes: int
    total: int | None


@dataclass
class View:
    """What was found in one view of the images: plain, or through a pipeline.

    failures: key and reason; deep: keys of the images deeper than 8 bits that were measured;
    warnings: key and what Pillow warned of; transparent: keys of images with fully transparent
    pixels.
    """

    records: Records
    failures: list[tuple[bytes, str]] = field(default_factory=list)
    deep: list[bytes] = field(default_factory=list)
    warnings: list[tuple[bytes, str]] = field(default_factory=list)
    transparent: list[bytes] = field(default_factory=list)

    @classmethod
    def joined(cls, parts: Sequence[View]) -> View:
        """Return the view of all images, from those of disjoint parts."""
        return cls(
            Records.joined([part.records for part in parts]),
            sorted(failure for part in parts for failure in part.failures),
            sorted(key for part in parts for key in part.deep),
            sorted(warning for part in parts for warning in part.warnings),
            sorted(key for part in parts for key in part.transparent),
        )

    def add(self, keys: Sequence[bytes], measured: Measured) -> None:
        """Add what became of a chunk."""
        for moments in measured.moments:
            self.records.extend(keys, moments)
        self.failures.extend((keys[row], reason) for row, reason in measured.failures)
        self.deep.extend(keys[row] for row in measured.deep)
        self.warnings.extend((keys[row], text) for row, text in measured.warnings)
        self.transparent.extend(keys[row] for row in measured.transparent)

    def settle_mode(self) -> None:
        """Keep the draws of the most common mode; images of another are failures."""
        modes = self.records.modes
        own = max(sorted(modes), key=modes.__getitem__, default=None)
        for mode in modes.keys() - {own}:
            dropped = self.records.drop(mode)
            self.failures += [(k, f"is of mode {mode}; the set's own is {own}") for k in dropped]
            self.deep = sorted(set(self.deep).difference(dropped))
            self.transparent = sorted(set(self.transparent).difference(dropped))
        self.failures.sort()


@dataclass
class Scan:
    """What a scan found: its views, and of all images number, size and sum of fingerprints."""

    views: list[View]
    images: int = 0
    bytes: int = 0
    fingerprint: int = 0

    @property
    def failures(self) -> int:
        """How many images failed in the view where most did."""
        return max(len(view.failures) for view in self.views)

    def add(self, chunk: Chunk, result: Result) -> None:
        """Add what became of a chunk; chunks may come in any order."""
        keys = [reference.key for reference in chunk]
        for view, measured in zip(self.views, result, strict=True):
            view.add(keys, measured)
        self.images += len(chunk)
        self.bytes += sum(reference.size for reference in chunk)


def scan(
    references: Iterable[Reference],
    measure: Measure,
    engine: Engine,
    *,
    part: bool = False,
    fail_fast: bool = False,
    progress: Callable[[Progress], None] | None = None,
    total: Callable[[], int | None] = lambda: None,
    journal: Journal[Reference] | None = None,
) -> Scan:
    """Measure all images; the result does not depend on the engine or its workers.

    `total` is asked, with every progress, how many images there are. What `journal` knows is taken
    from it, and what it does not know is recorded in it; the result is the same without it. With
    `part`, the images are only a part of the set, and what depends on the whole is left to
    `joined`.

    Raises
    ------
    MeasureError
        If an image cannot be measured and `fail_fast` is set; or if workers cannot run at all.
    """
    selected = measure.conditions.excludes
    result = Scan([View(Records(draws, selected=selected)) for draws in measure.draws])

    def add(chunk: Chunk, measured: Result) -> None:
        result.add(chunk, measured)
        if fail_fast:
            _check_none_failed(result)
        if progress is not None:
            progress(Progress(result.images, result.failures, result.bytes, total()))

    unknown = _unknown(references, result, journal, add)
    with closing(dispatch(chunks(unknown), measure, engine)) as landed:
        for chunk, measured in landed:
            if journal is not None:
                record(journal, chunk, measured)
            add(chunk, measured)
    if journal is not None and result.images:
        journal.finish()
    if not part:
        _settle(result, fail_fast)
    return result


def joined(parts: Sequence[Scan], *, fail_fast: bool = False) -> Scan:
    """Return what one scan of all images would have found, from those of disjoint parts.

    Raises
    ------
    MeasureError
        If an image cannot be measured and `fail_fast` is set.
    """
    whole = Scan(
        [View.joined(views) for views in zip(*(part.views for part in parts), strict=True)],
        sum(part.images for part in parts),
        sum(part.bytes for part in parts),
        sum(part.fingerprint for part in parts) % 2**256,
    )
    _settle(whole, fail_fast)
    return whole


def _settle(result: Scan, fail_fast: bool) -> None:
    for view in result.views:
        view.settle_mode()
    if fail_fast:
        _check_none_failed(result)


def _unknown(
    references: Iterable[Reference],
    result: Scan,
    journal: Journal[Reference] | None,
    add: Callable[[Chunk, Result], None],
) -> Iterator[Reference]:
    """Yield what is to be measured, add what is known, and sum all fingerprints."""

    def printed() -> Iterator[tuple[Reference, int]]:
        for reference in references:
            fingerprint = reference.fingerprint()
            result.fingerprint = (result.fingerprint + fingerprint) % 2**256
            yield reference, fingerprint

    if journal is None:
        return (reference for reference, _ in printed())
    return recalled(journal, printed(), add)


def _check_none_failed(result: Scan) -> None:
    for view in result.views:
        for key, reason in view.failures[:1]:
            raise MeasureError(f"{key_text(key)}: {reason} (stopped at the first failure)")
