"""Which images of a run are known, and what is known of them.

A run meets its images in the order of their keys, and the entries are read in that order beside it:
an entry is at hand while the run is among its keys, so that memory does not grow with the journal.
An archive has an order of its own: then an entry is at hand until all of its images were met.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from bnstat.journal.entry import Entry, print_of
from bnstat.journal.packing import DamagedError
from bnstat.journal.store import Store
from bnstat.moments import ChunkMoments


class Image(Protocol):
    """What a journal must know of an image."""

    @property
    def key(self) -> bytes:
        """Its name in the set."""

    def fingerprint(self) -> int:
        """Tell it from all other images, and from itself when it was another."""


I = TypeVar("I", bound=Image)  # noqa: E741
T = TypeVar("T")


@dataclass
class _Open(Generic[I]):
    """An entry while the run is among its keys; `met` are its images that the run has, by row."""

    identity: int
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
        self._coming = store.entries()
        self._next = self._read()
        self._open: list[_Open[I]] = []
        self._at: dict[bytes, tuple[_Open[I], int]] = {}
        self._outdated: list[tuple[int, list[int]]] = []

    @classmethod
    @contextmanager
    def open(
        cls, path: str, settings: Mapping[str, str], views: int = 1, *, ordered: bool = True
    ) -> Iterator[Journal[I]]:
        """Open a journal, or make it, for a run with these settings and so many views.

        `ordered`: whether the run meets its images in the order of their keys.

        Raises
        ------
        JournalError
            If it cannot be opened, is in use by another run, or is of other settings.
        """
        store = Store(path, settings, views)
        try:
            yield cls(store, path, ordered)
        finally:
            store.close()

    def knows(self, image: I, fingerprint: int) -> bool:
        """Whether the moments of an image are at hand."""
        while self._next is not None and self._next.entry.keys[0] <= image.key:
            self._admit(self._next)
            self._next = self._read()
        opened, row = self._at.pop(print_of(fingerprint), (None, 0))
        if opened is None:
            return False
        opened.met[row] = image
        return True

    def _admit(self, opened: _Open[I]) -> None:
        self._open.append(opened)
        for row, print_ in enumerate(opened.entry.prints):
            self._at[print_] = opened, row

    def passed(self, key: bytes | None) -> Iterator[tuple[list[I], Entry | None]]:
        """Yield the entries that the run is through with at `key`; at None it is with all.

        Each is cut down to the images that the run has, which stand beside it; it is None where
        that cannot be read, so that they must be measured after all.
        """
        if key is not None and not (self._open and self._is_done(self._open[0], key)):
            return
        done = [each for each in self._open if key is None or self._is_done(each, key)]
        self._open = [
            each for each in self._open if key is not None and not self._is_done(each, key)
        ]
        for opened in done:
            yield from self._settled(opened)

    def _is_done(self, opened: _Open[I], key: bytes) -> bool:
        if len(opened.met) == len(opened.entry.keys):
            return True
        return self._ordered and opened.entry.keys[-1] < key

    def _settled(self, opened: _Open[I]) -> Iterator[tuple[list[I], Entry | None]]:
        rows = sorted(opened.met)
        if len(rows) < len(opened.entry.keys):
            for print_ in opened.entry.prints:
                if self._at.get(print_, (None, 0))[0] is opened:
                    del self._at[print_]
            self._outdated.append((opened.identity, rows))
        if rows:
            yield [opened.met[row] for row in rows], self._cut(opened, rows)

    def _cut(self, opened: _Open[I], rows: list[int]) -> Entry | None:
        if len(rows) == len(opened.entry.keys):
            return opened.entry
        return self._tried(lambda: self._store.whole(opened.identity).take(rows))

    def record(
        self,
        images: Sequence[I],
        rows: Sequence[int],
        deep: list[int],
        views: list[list[ChunkMoments]],
    ) -> None:
        """Record what was measured of a chunk: of its images, those of `rows`."""
        keys = [image.key for image in images]
        prints = [print_of(image.fingerprint()) for image in images]
        self._tried(lambda: self._store.add(Entry(keys, prints, deep, views).take(rows)))

    def finish(self) -> None:
        """Forget the images that the run has not met: they were changed or removed."""
        self._outdated += [(each.identity, []) for each in self._rest()]
        if self._outdated:
            self._tried(self._forget)

    def _rest(self) -> Iterator[_Open[I]]:
        while self._next is not None:
            yield self._next
            self._next = self._read()

    def _forget(self) -> None:
        with self._store.transaction():
            for identity, rows in self._outdated:
                entry = self._store.whole(identity).take(rows) if rows else None
                self._store.replace(identity, entry)

    def _read(self) -> _Open[I] | None:
        pair = self._tried(lambda: next(self._coming, None))
        return _Open(*pair) if pair else None

    def _tried(self, act: Callable[[], T]) -> T | None:
        """Do something with the file, unless it has failed before; note if it fails now."""
        if self.failure is not None:
            return None
        try:
            return act()
        except (sqlite3.Error, DamagedError, OSError) as error:
            self.failure = self._explained(error)
            return None

    def _explained(self, error: Exception) -> str:
        damaged = getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_CORRUPT
        if damaged or isinstance(error, DamagedError):
            return (
                f"the journal {self._path} is damaged ({error}); the result is complete without "
                "it; remove the journal"
            )
        return (
            f"the journal {self._path} could not be written to the end ({error}); the result is "
            "complete, and what the journal has will be known the next time"
        )
