"""The images in one archive file: what tar, zip and Parquet have in common.

A format reads the file's directory, or the file from beginning to end, and yields a reference to
each image under the name that the archive gives it. It never writes. Where a member can be read by
itself, the reference holds its position, and a worker reads it. Otherwise the reference holds the
member's encoded bytes, and the archive is read only as far as the scan asks for images.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import BufferedReader
from itertools import pairwise
from typing import TypeAlias

from bnstat.errors import BnstatError, SourceError
from bnstat.sources import urls
from bnstat.sources.bounds import ReadLimits, UnreadableError
from bnstat.sources.naming import MAX_NAME, is_hidden, is_image, member_key, service_folder
from bnstat.sources.reference import Reference, with_bytes
from bnstat.sources.source import Index, index_by_reading
from bnstat.text import key_text, pluralize, without_credentials

CUT_OFF = "is cut off: the archive ends before it does"  # of a member
# Returns the key of a member by its name, or None to leave it out.
KeyOf: TypeAlias = Callable[[bytes], bytes | None]
# Reads a file as far as images are asked for, and no image past the limits.
Members: TypeAlias = Callable[["ArchiveFile", KeyOf, ReadLimits], Iterator[Reference]]


@dataclass(frozen=True)
class ArchiveFile:
    """Where a file is: a path, or a URL for fsspec."""

    path: bytes
    remote: bool = False

    def open(self, limits: ReadLimits) -> BufferedReader:
        return urls.open_url(self.path, limits) if self.remote else open(self.path, "rb")

    @property
    def workers_can_open(self) -> bool:
        return not self.remote or urls.workers_can_open(self.path)


class MemberTable:
    """Members that are listed before any is read, as a later one of the same key replaces another.

    Extracting an archive leaves the last one too. It holds a key and some integers of 64 bits each,
    packed: an archive may have millions.
    """

    def __init__(self, numbers: int) -> None:
        self._width = numbers
        self._keys, self._numbers = bytearray(), array("q")
        self._ends, self._hashes = array("q", [0]), array("q")

    def add(self, key: bytes, *numbers: int) -> None:
        self._keys += key
        self._ends.append(len(self._keys))
        self._hashes.append(hash(key))
        self._numbers.extend(numbers)

    def __iter__(self) -> Iterator[tuple[bytes, Sequence[int]]]:
        """Yield keys and numbers in the order in which they were added, of each key the last."""
        replaced = self._replaced()
        numbers = zip(*[iter(self._numbers)] * self._width, strict=True)
        for place, (ends, of_member) in enumerate(zip(pairwise(self._ends), numbers, strict=True)):
            if place not in replaced:
                yield bytes(self._keys[slice(*ends)]), of_member

    def _key(self, place: int) -> bytes:
        return bytes(self._keys[self._ends[place] : self._ends[place + 1]])

    def _replaced(self) -> set[int]:
        """Return the places of keys that come again; almost always there are none."""
        import numpy as np

        hashes = np.frombuffer(self._hashes, np.int64)
        ordered = np.sort(hashes)
        repeated = ordered[1:][ordered[1:] == ordered[:-1]]
        suspects = np.flatnonzero(np.isin(hashes, repeated)).tolist() if len(repeated) else []
        last = {self._key(place): place for place in suspects}
        return {place for place in suspects if last[self._key(place)] != place}


@dataclass(frozen=True)
class Format:
    """A kind of file that holds images.

    members: yields the images; count: counts them without reading any, or returns None; ordered:
    whether they come in the order of their keys; index: lists them, where that takes less than
    reading them; columns: whether images are in one of several columns.
    """

    members: Members
    count: Callable[[ArchiveFile], int | None]
    ordered: bool = False
    index: Callable[[ArchiveFile, ReadLimits], Index] | None = None
    columns: bool = False


@dataclass(eq=False)
class Archive:
    """The images in one file, in the file's own order.

    Keys are the members' names, as paths below the archive's root. Hidden members and members
    without an image extension are treated as in a folder. What can be read of a broken archive is
    yielded; the rest is one failure under the archive's name. `replaced` is how many images were
    left out, as another of the same key stands behind them.
    """

    archive: ArchiveFile
    format: Format
    limits: ReadLimits
    name: bytes
    prefix: bytes
    only_source: bool
    skipped: int = field(default=0, init=False)
    replaced: int = field(default=0, init=False)
    _seen: int = field(default=0, init=False)  # members, whatever they are
    _images: int = field(default=0, init=False)  # with a key, less those that were yielded
    _service_folders: set[bytes] = field(default_factory=set, init=False)

    @property
    def ordered(self) -> bool:
        return self.format.ordered

    @property
    def has_columns(self) -> bool:
        return self.format.columns

    @property
    def service_folders(self) -> Counter[bytes]:
        return Counter(path.rpartition(b"/")[2] for path in self._service_folders)

    def count(self) -> int | None:
        try:
            return self.format.count(self.archive)
        except Exception:  # iterating reports what is wrong
            return None

    def index(self) -> Index:
        """Return the images as an index; what is wrong with the archive shows in iterating."""
        if self.format.index is not None:
            with suppress(Exception):
                index = self.format.index(self.archive, self.limits)
                return _FormatIndex(index, self.prefix, self.archive.path, self._complete)
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images.

        Raise SourceError if nothing at all can be read of the only source, or a package for it is
        missing.
        """
        self.skipped = self.replaced = self._seen = self._images = 0
        self._service_folders.clear()
        try:
            members = self.format.members(self.archive, self._key_of, self.limits)
            for count, reference in enumerate(members, 1):
                self._seen = max(self._seen, count)  # not every format asks for keys
                yield self._complete(reference)
                self._images -= 1
            self.replaced = max(0, self._images)
        except BnstatError:
            raise
        except Exception as error:  # one failure, of any kind: bounds, 5
            reason = _reason(error)
            if self.only_source and self._seen == 0:
                where = key_text(self.archive.path)
                raise SourceError(f"cannot read {where}: {reason}") from error
            read = pluralize(self._seen, "member")
            reason = f"is broken after {read}: {reason}"
            yield Reference(self.name, self.archive.path, 0, 0, reason)

    def _key_of(self, name: bytes) -> bytes | None:
        if len(name) > MAX_NAME:
            raise UnreadableError(f"a member's name has {len(name)} bytes")
        self._seen += 1
        key = member_key(name)
        if (folder := service_folder(key)) is not None:
            self._service_folders.add(folder)
            return None
        if is_hidden(key):
            return None
        if not is_image(key):
            self.skipped += 1
            return None
        self._images += 1
        return key

    def _complete(self, reference: Reference) -> Reference:
        if self.prefix:
            reference = reference._replace(key=self.prefix + reference.key)
        return reference if self.archive.workers_can_open else with_bytes(reference, self.limits)


@dataclass(frozen=True)
class _FormatIndex:
    """The index of an archive's format, with the keys that its images have in the run.

    Where the archive turns out to be broken, each of the images that are not yet read is a failure.
    """

    index: Index
    prefix: bytes
    path: bytes
    complete: Callable[[Reference], Reference]

    @cached_property
    def keys(self) -> Sequence[bytes]:
        return [self.prefix + key for key in self.index.keys] if self.prefix else self.index.keys

    def references(self, positions: Sequence[int]) -> Iterator[Reference]:
        done, reason = 0, "it has fewer images than it says"
        try:
            for reference in self.index.references(positions):
                yield self.complete(reference)
                done += 1
        except BnstatError:
            raise
        except Exception as error:
            reason = _reason(error)
        for position in positions[done:]:
            problem = f"is in a broken archive: {reason}"
            yield Reference(self.keys[position], self.path, 0, 0, problem)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    told = isinstance(error, UnreadableError)
    text = str(error) if told else without_credentials(" ".join(str(error).split()))
    return text.removeprefix("cannot be read: ") or type(error).__name__
