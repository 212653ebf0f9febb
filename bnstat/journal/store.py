"""The file of a journal: opening, locking, settings, entries.

It is opened for this run alone: the operating system's lock on it ends with the process, however
that ends. A write-ahead log in a second file beside it makes a transaction cheap; after a power
failure the last ones may be missing, and the others are whole (https://sqlite.org/wal.html).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from bnstat.errors import JournalError
from bnstat.journal.entry import Entry
from bnstat.journal.packing import Row, packed_images, packed_part, unpacked

# What tells a journal from other SQLite files, and the version of its tables.
_APPLICATION = 0x626E7374
_VERSION = 1

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, first BLOB NOT NULL, keys BLOB NOT NULL, ends BLOB NOT NULL,
    prints BLOB NOT NULL, deep BLOB NOT NULL, sum INTEGER NOT NULL
);
CREATE INDEX chunks_by_key ON chunks (first, id);
CREATE TABLE parts (
    chunk INTEGER NOT NULL, view INTEGER NOT NULL, kind TEXT NOT NULL, rows BLOB NOT NULL,
    n BLOB NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL, histogram BLOB,
    sum INTEGER NOT NULL, apart BLOB
);
CREATE INDEX parts_by_chunk ON parts (chunk, view);
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_VERSION};
"""

_IMAGES = "first, keys, ends, prints, deep, sum"
_PART = "kind, rows, n, first, second, histogram, sum"


class Store:
    """An open journal; `close` it at the end."""

    def __init__(self, path: str, settings: Mapping[str, str], views: int) -> None:
        """Open the journal at `path`, or make it, for a run with these settings.

        Raises
        ------
        JournalError
            If it cannot be opened, is in use, is none, or is of other settings.
        """
        self._path = path
        self._views = views
        try:
            # A relative name might be one that SQLite takes for something else.
            self._db = sqlite3.connect(os.path.abspath(path), timeout=0, isolation_level=None)
        except sqlite3.Error as error:
            raise self._error(error) from error
        try:
            self._prepare(settings)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise self._error(error) from error
            raise

    def _prepare(self, settings: Mapping[str, str]) -> None:
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        if self._is_new():
            self._db.execute("PRAGMA journal_mode = WAL")
            self._create(settings)
        else:
            self._check_version()
            self._db.execute("PRAGMA journal_mode = WAL")
            self._check_settings(settings)
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("BEGIN IMMEDIATE")  # takes the lock, which stays
        self._db.execute("COMMIT")

    def _is_new(self) -> bool:
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return not tables

    def _create(self, settings: Mapping[str, str]) -> None:
        self._db.executescript(_TABLES)
        self._db.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
        self._db.execute("COMMIT")

    def _check_version(self) -> None:
        (application,) = self._db.execute("PRAGMA application_id").fetchone()
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise JournalError(f"{self._path} is no journal of bnstat; name another file")
        if version != _VERSION:
            raise JournalError(
                f"the journal {self._path} has version {version}; this bnstat reads {_VERSION}: "
                "name another file"
            )

    def _check_settings(self, settings: Mapping[str, str]) -> None:
        old = dict(self._db.execute("SELECT name, value FROM settings"))
        for name in dict.fromkeys([*settings, *old]):
            before, now = old.get(name, "none"), settings.get(name, "none")
            if before != now:
                raise JournalError(
                    f"the journal {self._path} is of runs that differ in {name}: {before} there, "
                    f"{now} here; name another journal, or measure as before"
                )

    def _error(self, error: sqlite3.Error) -> JournalError:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            return JournalError(
                f"the journal {self._path} is in use by another run; wait for its end, or name "
                "another file"
            )
        return JournalError(f"cannot use the journal {self._path}: {error}; name another file")

    def add(self, entry: Entry) -> None:
        """Record an entry in one transaction."""
        with self.transaction():
            self._insert(entry)

    def replace(self, identity: int, entry: Entry | None) -> None:
        """Put another entry in the place of one, or nothing; within a transaction."""
        self._db.execute("DELETE FROM chunks WHERE id = ?", (identity,))
        self._db.execute("DELETE FROM parts WHERE chunk = ?", (identity,))
        if entry is not None:
            self._insert(entry)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all that is written meanwhile, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def _insert(self, entry: Entry) -> None:
        images = f"INSERT INTO chunks ({_IMAGES}) VALUES (?, ?, ?, ?, ?, ?)"
        chunk = self._db.execute(images, packed_images(entry)).lastrowid
        parts = f"INSERT INTO parts (chunk, view, {_PART}, apart) VALUES (?, ?{', ?' * 8})"
        for view, found in enumerate(entry.views):
            for part in found:
                self._db.execute(parts, (chunk, view, *packed_part(part)))

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield all entries by their first key, without the images' own histograms.

        Those that are added meanwhile, behind the one that was last yielded, do not matter.
        """
        key, identity = b"", -1
        query = f"SELECT id, {_IMAGES} FROM chunks WHERE (first, id) > (?, ?) ORDER BY first, id"
        while page := self._db.execute(query + " LIMIT 16", (key, identity)).fetchall():
            for identity, *row in page:
                key = row[0]
                yield identity, self._entry(identity, tuple(row), _PART)

    def whole(self, identity: int) -> Entry:
        """Return an entry, with the images' own histograms."""
        query = f"SELECT {_IMAGES} FROM chunks WHERE id = ?"
        row = self._db.execute(query, (identity,)).fetchone()
        return self._entry(identity, row, f"{_PART}, apart")

    def _entry(self, identity: int, images: Row, columns: str) -> Entry:
        query = f"SELECT view, {columns} FROM parts WHERE chunk = ? ORDER BY view, rowid"
        parts = self._db.execute(query, (identity,)).fetchall()
        return unpacked(images, parts, self._views)

    def close(self) -> None:
        """Put the log into the file, if that can be, and let the lock go."""
        with suppress(sqlite3.Error):
            self._db.close()
