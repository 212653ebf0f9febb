"""What was measured before, in an SQLite file: which images of a run are known, and what of them.

A run that was killed goes on where it was, and a later one measures only what is new or changed.
Each chunk is recorded in one transaction when it has been measured. An image is known by its key
and by its size and times of change: one whose file has other ones is measured again.

A run meets its images in the order of their keys, and the entries are read in that order beside it:
an entry is in memory while the run is among its keys, so that memory does not grow with the
journal. An archive has an order of its own: an entry is then in memory until all of its images were
met. A growing sample comes in the order of a hash: an index of all fingerprints tells what is
known, and entries are read as they are needed.

entry      what was measured of a chunk of images; as SQL columns and back, checked: the file may be
           damaged or forged
store      the file: tables, opening, locking, settings, entries
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from bnstat.journal.entry import DamagedError, Entry, Expected, stored_fingerprint
from bnstat.journal.store import SQLITE_ERRORS, Store
from bnstat.moments import Appearances, ChunkMoments

__all__ = ["Entry", "Expected", "Journal"]
T = TypeVar("T")


class Image(Protocol):
    """What a journal must know of an image."""

    @property
    def key(self) -> bytes:
        """Its name in the set."""

    @property
    def ctimes(self) -> tuple[int, ...]:
        """When the status of its files last changed; 0 where that is not known."""

    def fingerprint(self) -> int:
        """Tell it from all other images, and from itself with another size or time of change."""


I = TypeVar("I", bound=Image)  # noqa: E741


@dataclass
class _OpenEntry(Generic[I]):
    """An entry while the run is among its keys; `met` are the images that the run has, by row."""

    chunk: int
    entry: Entry
    met: dict[int, I] = field(default_factory=dict)


class Journal(Generic[I]):
    """An open journal.

    Attributes
    ----------
    failure
        Why it could not be read or written any further; None as long as it can. Nothing is then
        known or recorded any more, and the run goes on without it.
    """

    def __init__(self, store: Store, path: str, ordered: bool) -> None:
        self._ordered = ordered
        self._store = store
        self._path = path
        self.failure: str | None = None
        self._unread = store.entries()
        self._next = self._read()
        self._open: list[_OpenEntry[I]] = []
        self._places: dict[bytes, tuple[_OpenEntry[I], int]] = {}  # by stored fingerprint
        self._outdated: list[tuple[int, list[int]]] = []  # chunks, and their rows that remain
        self._index: dict[bytes, tuple[int, int]] | None = None  # chunk and row

    @classmethod
    @contextmanager
    def open(
        cls, path: str, settings: Mapping[str, str], expected: Expected, *, ordered: bool = True
    ) -> Iterator[Journal[I]]:
        """Open a journal, or make it, for a run with these settings.

        `ordered`: whether the run meets its images in the order of their keys.

        Raises JournalError if it cannot be opened, is in use by another run, or is of other
        settings.
        """
        store = Store(path, settings, expected)
        try:
            yield cls(store, path, ordered)
        finally:
            store.close()

    def knows(self, image: I, fingerprint: int) -> bool:
        while self._next is not None and self._next.entry.keys[0] <= image.key:
            self._open.append(self._next)
            for row, known in enumerate(self._next.entry.fingerprints):
                self._places[known] = self._next, row
            self._next = self._read()
        stored = stored_fingerprint(fingerprint, image.ctimes)
        opened, row = self._places.pop(stored, (None, 0))
        if opened is None:
            return False
        opened.met[row] = image
        return True

    def completed(self, key: bytes | None) -> Iterator[tuple[list[I], Entry | None]]:
        """Yield the entries whose keys the run has passed at `key`; at None it has passed all.

        Each is cut down to the images that the run has, which stand beside it; it is None where
        that cannot be read, so that they must be measured after all.
        """
        if key is not None and not (self._open and self._is_complete(self._open[0], key)):
            return
        complete = [each for each in self._open if key is None or self._is_complete(each, key)]
        self._open = [
            each for each in self._open if key is not None and not self._is_complete(each, key)
        ]
        for opened in complete:
            yield from self._close(opened)

    def _is_complete(self, opened: _OpenEntry[I], key: bytes) -> bool:
        if len(opened.met) == len(opened.entry.keys):
            return True
        return self._ordered and opened.entry.keys[-1] < key

    def _close(self, opened: _OpenEntry[I]) -> Iterator[tuple[list[I], Entry | None]]:
        rows = sorted(opened.met)
        if len(rows) < len(opened.entry.keys):
            for fingerprint in opened.entry.fingerprints:
                if self._places.get(fingerprint, (None, 0))[0] is opened:
                    del self._places[fingerprint]
            self._outdated.append((opened.chunk, rows))
        if rows:
            whole = len(rows) == len(opened.entry.keys)
            take = functools.partial(self._store.take, opened.chunk, rows)
            entry = opened.entry if whole else self._attempt(take)
            yield [opened.met[row] for row in rows], entry

    def holds(self, image: I, fingerprint: int) -> bool:
        """Whether the moments of an image are recorded, of images that come in any order."""
        return self._place(image, fingerprint) is not None

    def _place(self, image: I, fingerprint: int) -> tuple[int, int] | None:
        if self._index is None:
            self._index = {
                stored: (opened.chunk, row)
                for opened in self._rest()
                for row, stored in enumerate(opened.entry.fingerprints)
            }
        return self._index.get(stored_fingerprint(fingerprint, image.ctimes))

    def read(self, images: Sequence[I]) -> Iterator[tuple[list[I], Entry | None]]:
        """Yield the entries of images that it holds, cut down to these, which stand beside them.

        An entry is None where it cannot be read, so that they must be measured after all.
        """
        chunks: dict[int, dict[int, I]] = {}
        for image in images:
            chunk, row = self._place(image, image.fingerprint()) or (0, 0)
            chunks.setdefault(chunk, {})[row] = image
        for chunk, of_rows in chunks.items():
            rows = sorted(of_rows)
            take = functools.partial(self._store.take, chunk, rows)
            yield [of_rows[row] for row in rows], self._attempt(take)

    def record(
        self,
        images: Sequence[I],
        rows: Sequence[int],
        views: list[list[ChunkMoments]],
        *,
        deep: list[int],
        transparent: list[int],
        appearances: Appearances,
    ) -> None:
        """Record what was measured of a chunk: of its images, those of `rows`."""
        keys = [image.key for image in images]
        stored = [stored_fingerprint(image.fingerprint(), image.ctimes) for image in images]
        entry = Entry(keys, stored, deep, transparent, views, appearances)
        self._attempt(lambda: self._store.add(entry.take(rows)))

    def finish(self) -> None:
        """Remove the images that the run has not met: they were changed or removed."""
        self._outdated += [(opened.chunk, []) for opened in self._rest()]
        if self._outdated:
            self._attempt(self._remove_outdated)

    def _rest(self) -> Iterator[_OpenEntry[I]]:
        while self._next is not None:
            yield self._next
            self._next = self._read()

    def _remove_outdated(self) -> None:
        with self._store.transaction():
            for chunk, rows in self._outdated:
                entry = self._store.take(chunk, rows) if rows else None
                self._store.replace(chunk, entry)

    def _read(self) -> _OpenEntry[I] | None:
        pair = self._attempt(lambda: next(self._unread, None))
        return _OpenEntry(*pair) if pair else None

    def _attempt(self, act: Callable[[], T]) -> T | None:
        """Do something with the file, unless it has failed before; note if it fails now."""
        if self.failure is not None:
            return None
        try:
            return act()
        except (*SQLITE_ERRORS, DamagedError, OSError) as error:
            corrupt = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT
            if corrupt or isinstance(error, DamagedError | UnicodeDecodeError):
                what = (
                    f"is damaged ({error}); the result is complete without it; remove the journal"
                )
            else:
                what = (
                    f"could not be written to the end ({error}); the result is complete, and what "
                    "the journal has will be known the next time"
                )
            self.failure = f"the journal {self._path} {what}"
            return None
