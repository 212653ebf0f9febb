"""What a scan has found: the records of each view, and who failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from bnstat.errors import MeasureError
from bnstat.measure.dispatch import Chunk
from bnstat.measure.groups import GroupHistograms
from bnstat.measure.measured import Measured, Result
from bnstat.measure.rows import NameOf, Rows, ungrouped
from bnstat.measure.texts_by_key import TextsByKey
from bnstat.moments import HashesByKey, Records
from bnstat.moments.chunk_counts import Appearances
from bnstat.result import MAX_WARNINGS, Summary
from bnstat.result.summary import merged_summaries
from bnstat.result.tables import RecordTable
from bnstat.settings import Progress
from bnstat.sources.items import Items, Membership
from bnstat.sources.reference import file_key
from bnstat.text import key_text


def of_files(records: Records) -> Records:
    """Return the records of frames as those of their files, which vary as clusters of frames."""
    return records.joined(file_key)


@dataclass(frozen=True)
class Noted:
    """How many images have the same warning, the first of them by key, and what is said of it.

    number: what is counted of each image, as its frames, in all; differ: whether something else is
    said of another image.
    """

    images: int
    first: bytes
    text: str
    number: int = 0
    differ: bool = False

    def __add__(self, other: Noted) -> Noted:
        first = min(self, other, key=lambda noted: noted.first)
        number = self.number + other.number
        differ = self.differ or other.differ or self.text != other.text
        return replace(first, images=self.images + other.images, number=number, differ=differ)


@dataclass
class View:
    """What was found in one view of the images: plain, or through a pipeline.

    failures: the reasons; deep: keys of the images deeper than 8 bits that were measured; warnings:
    what Pillow warned of; transparent: keys of images with fully transparent pixels; few_valued:
    keys of images with few values, as label images have; rows: of a table of records, where one is
    asked for; memberships: the groups and clusters that a dataset gives, by key; notes: by
    the codes of warnings; by_group: histograms of groups, where there are any.
    """

    records: Records
    rows: Rows | None = None
    failures: TextsByKey = field(default_factory=TextsByKey)
    deep: list[bytes] = field(default_factory=list)
    warnings: TextsByKey = field(default_factory=lambda: TextsByKey(MAX_WARNINGS))
    transparent: list[bytes] = field(default_factory=list)
    few_valued: list[bytes] = field(default_factory=list)
    memberships: dict[bytes, Membership] = field(default_factory=dict)
    notes: dict[str, Noted] = field(default_factory=dict)
    by_group: GroupHistograms | None = None

    @classmethod
    def merged(cls, views: Sequence[View]) -> View:
        """Return the view of all images, from those of disjoint shards."""
        grouped = [view.by_group for view in views if view.by_group is not None]
        whole = cls(
            Records.merged([view.records for view in views]),
            None,
            TextsByKey.merged([view.failures for view in views]),
            sorted(key for view in views for key in view.deep),
            TextsByKey.merged([view.warnings for view in views]),
            sorted(key for view in views for key in view.transparent),
            sorted(key for view in views for key in view.few_valued),
            {key: member for view in views for key, member in view.memberships.items()},
            by_group=GroupHistograms.merged(grouped) if grouped else None,
        )
        for code, noted in (item for view in views for item in view.notes.items()):
            whole._note(code, noted)
        return whole

    def add(self, keys: Sequence[bytes], measured: Measured) -> None:
        """Add what was measured of images with these keys, but for the rows of a table."""
        for moments in measured.moments:
            self.records.extend(keys, moments)
            if self.by_group is not None:
                self.by_group.add(keys, moments, measured.memberships)
            self.few_valued.extend(keys[row] for row in moments.few_valued)
        self.failures.add((keys[row], reason) for row, reason in measured.failures)
        self.deep.extend(keys[row] for row in measured.deep)
        warned = dict(sorted(measured.warnings, reverse=True))  # of each image the first
        self.warnings.add((keys[row], text) for row, text in warned.items())
        self.transparent.extend(keys[row] for row in measured.transparent)
        self.memberships |= {keys[row]: m for row, m in measured.memberships.items()}
        for row, code, text, number in measured.notes:
            self._note(code, Noted(1, keys[row], text, number))

    def _note(self, code: str, noted: Noted) -> None:
        self.notes[code] = self.notes[code] + noted if code in self.notes else noted

    def record_tables(
        self, name_of: NameOf = ungrouped
    ) -> tuple[Iterator[RecordTable], tuple[str, ...]]:
        """Return the rows of the records in batches, by key, and the names of the channels."""
        assert self.rows is not None
        batches = self.rows.batches(self.records, self.failures, name_of)
        return batches, self.records.channels if len(self.records) else ()

    def keep_own_mode(self) -> None:
        """Keep the draws of the most common mode; images of another are failures."""
        modes = self.records.modes
        common = max(sorted(modes), key=modes.__getitem__, default=None)
        for mode in modes.keys() - {common}:
            dropped = self.records.drop(mode)
            self.failures.add((k, f"is of mode {mode}; the set's own is {common}") for k in dropped)
            self.deep = sorted(set(self.deep).difference(dropped))
            self.transparent = sorted(set(self.transparent).difference(dropped))


@dataclass
class Scan:
    """What a scan found: its views, and of all images number, size and sum of fingerprints.

    files: how many there are, where each frame of a file is an image, and a part of it; summary:
    what the images are like that could be decoded, None of none; hashes: where asked for.
    """

    views: list[View]
    images: int = 0
    files: Fraction = Fraction(0)
    bytes: int = 0
    fingerprint: int = 0
    summary: Summary | None = None
    hashes: HashesByKey = field(default_factory=HashesByKey)

    @property
    def failures(self) -> int:
        """How many images failed in the view where most did."""
        return max(len(view.failures) for view in self.views)

    def progress(self, total: int | None) -> Progress:
        return Progress(self.images, self.failures, self.bytes, total)

    def add(self, chunk: Chunk, result: Result) -> None:
        """Add the result of a chunk; chunks may come in any order."""
        keys = [reference.key for reference in chunk]
        for view, measured in zip(self.views, result, strict=True):
            if view.rows is not None:
                failed = [row for row, _ in measured.failures]
                view.rows.add(chunk, measured.appearances, measured.moments, failed)
            view.add(keys, measured)
        self.images += len(chunk)
        parts = [reference.frame.of for reference in chunk if reference.frame is not None]
        self.files += len(chunk) - len(parts) + sum(Fraction(1, of) for of in parts)
        shares = [r.size if r.frame is None else r.share for r in chunk]
        self.bytes += sum(shares)
        if result[0].hashes.rows:
            self.hashes.extend(keys, result[0].hashes)
        seen = result[0].appearances
        if seen.places:  # none where an image has ended its worker
            self.summarize(seen, _file_sizes(chunk, shares, seen.places))

    def summarize(self, seen: Appearances, sizes: Iterable[int] = ()) -> None:
        """Add what images are like that were decoded, and the bytes of their files."""
        if counts := seen.counts():
            self.summary = merged_summaries([self.summary, Summary.of(counts, sizes)])

    def finalize(self, *, fail_fast: bool = False) -> None:
        """Do what only the whole set decides: which mode is its own.

        Raises MeasureError if an image is a failure and `fail_fast` is set; or if images of 8 and
        of 16 bits are to be divided by one value.
        """
        for view in self.views:
            view.keep_own_mode()
            if view.records.max_value is not None and view.records.several_depths:
                raise MeasureError(
                    "there are images of 8 and of 16 bits, and --max-value is of one depth; "
                    "measure each depth alone"
                )
        if fail_fast:
            self.check_none_failed()

    def check_none_failed(self) -> None:
        """Raise MeasureError for the first failure of a view, if there is one."""
        for view in self.views:
            for key, reason in view.failures:
                raise MeasureError(f"{key_text(key)}: {reason} (stopped at the first failure)")


def _file_sizes(chunk: Chunk, shares: Iterable[int], places: Iterable[int]) -> list[int]:
    """Return the bytes of the files of images that were decoded; a dataset's items are none."""
    return [
        share
        for reference, share, place in zip(chunk, shares, places, strict=True)
        if place >= 0 and share and not isinstance(reference.content, Items)
    ]


def merge_scans(shards: Sequence[Scan], *, fail_fast: bool = False) -> Scan:
    """Return what one scan of all images would have found, from those of disjoint shards.

    Raises MeasureError if an image cannot be measured and `fail_fast` is set.
    """
    whole = Scan(
        [View.merged(views) for views in zip(*(shard.views for shard in shards), strict=True)],
        sum(shard.images for shard in shards),
        sum((shard.files for shard in shards), Fraction(0)),
        sum(shard.bytes for shard in shards),
        sum(shard.fingerprint for shard in shards) % 2**256,
        merged_summaries(shard.summary for shard in shards),
    )
    whole.finalize(fail_fast=fail_fast)
    return whole
