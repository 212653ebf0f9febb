"""The file of a journal: tables, opening, locking, settings, entries.

It is opened for this run alone: the operating system's lock on it ends with the process, however
that ends. A write-ahead log in a second file beside it makes a transaction cheap; after a power
failure the last ones may be missing, and the others are whole (https://sqlite.org/wal.html).

A file that somebody else made may hold anything (https://sqlite.org/security.html): it must have
exactly the tables of a journal, and no row of it may be longer than those that are written.

Version 1, of bnstat 0.1, had one number of samples for all channels, and no ctime in fingerprints;
version 2, of 0.2, no histograms of 16-bit images and nothing of what images are like.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress

from bnstat.errors import JournalError
from bnstat.journal.entry import (
    DamagedError,
    Entry,
    Expected,
    Row,
    packed_images,
    packed_moments,
    unpacked,
)
from bnstat.text import printable

# What tells a journal from other SQLite files, and the version of its tables.
APPLICATION = 0x626E7374
VERSION = 3

_TABLES = f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, first_key BLOB NOT NULL, keys BLOB NOT NULL, key_ends BLOB NOT NULL,
    fingerprints BLOB NOT NULL, deep BLOB NOT NULL, transparent BLOB NOT NULL,
    appearances TEXT NOT NULL, places BLOB NOT NULL, checksum INTEGER NOT NULL
);
CREATE INDEX chunks_by_key ON chunks (first_key, id);
CREATE TABLE moments (
    chunk INTEGER NOT NULL, view INTEGER NOT NULL, kind TEXT NOT NULL, rows BLOB NOT NULL,
    n BLOB NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL, left_out BLOB, histogram BLOB,
    few_valued BLOB NOT NULL, checksum INTEGER NOT NULL, per_image_histograms BLOB
);
CREATE INDEX moments_by_chunk ON moments (chunk, view);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""

_IMAGES = (
    "first_key, keys, key_ends, fingerprints, deep, transparent, appearances, places, checksum"
)
_MOMENTS = "kind, rows, n, first, second, left_out, histogram, few_valued, checksum"
# The second where a message quotes bytes of the file.
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
# Moments of 512 images of three channels, 3,500 draws each, have so many bytes.
_LONGEST_ROW = 128 << 20


class Store:
    """An open journal; `close` it at the end."""

    def __init__(self, path: str, settings: Mapping[str, str], expected: Expected) -> None:
        """Open the journal at `path`, or make it, for a run with these settings.

        A journal of another version is emptied.

        Raises JournalError if it cannot be opened, is in use, is none, or is of other settings.
        """
        self._path = path
        self._expected = expected
        try:
            # A relative name might be one that SQLite takes for something else.
            self._db = sqlite3.connect(os.path.abspath(path), timeout=0, isolation_level=None)
        except sqlite3.Error as error:
            raise self._error(error) from error
        try:
            self._prepare(settings)
        except BaseException as error:
            self.close()
            if isinstance(error, SQLITE_ERRORS):
                raise self._error(error) from error
            raise

    def _prepare(self, settings: Mapping[str, str]) -> None:
        self._db.text_factory = lambda data: data.decode(errors="backslashreplace")
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_ROW)
        for pragma in ("locking_mode = EXCLUSIVE", "trusted_schema = OFF", "cell_size_check = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        tables, foreign = (
            objects(self._db),
            f"{self._path} is no journal of bnstat; name another file",
        )
        if tables and number(self._db, "application_id") != APPLICATION:
            raise JournalError(foreign)
        if not tables or number(self._db, "user_version") != VERSION:
            self._empty(settings)
        else:
            with closing(empty_journal()) as new:
                if objects(new) != tables:
                    raise JournalError(foreign)
            self._check_settings(settings)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("BEGIN IMMEDIATE")  # takes the lock, which stays
        self._db.execute("COMMIT")

    def _empty(self, settings: Mapping[str, str]) -> None:
        """Put a journal without entries in the place of all that the file has."""
        self._db.execute("BEGIN EXCLUSIVE")  # the copy below would wait for another run's end
        self._db.execute("COMMIT")
        with closing(empty_journal()) as new:
            new.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
            new.backup(self._db)

    def _check_settings(self, settings: Mapping[str, str]) -> None:
        old = dict(self._db.execute("SELECT name, value FROM settings"))
        for name in dict.fromkeys([*settings, *old]):
            before, now = old.get(name, "none"), settings.get(name, "none")
            if before != now:
                raise JournalError(
                    f"the journal {self._path} is of runs that differ in {_short(name)}: "
                    f"{_short(before)} there, {now} here; name another journal, or measure as "
                    "before"
                )

    def _error(self, error: Exception) -> JournalError:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            return JournalError(
                f"the journal {self._path} is in use by another run; wait for its end, or name "
                "another file"
            )
        return JournalError(
            f"cannot use the journal {self._path}: {_short(error)}; name another file"
        )

    def add(self, entry: Entry) -> None:
        with self.transaction():
            self._insert(entry)

    def replace(self, chunk: int, entry: Entry | None) -> None:
        """Put another entry in the place of one, or nothing; within a transaction."""
        self._db.execute("DELETE FROM chunks WHERE id = ?", (chunk,))
        self._db.execute("DELETE FROM moments WHERE chunk = ?", (chunk,))
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
        images = f"INSERT INTO chunks ({_IMAGES}) VALUES (?{', ?' * 8})"
        chunk = self._db.execute(images, packed_images(entry)).lastrowid
        moments = (
            f"INSERT INTO moments (chunk, view, {_MOMENTS}, per_image_histograms) "
            f"VALUES (?{', ?' * 11})"
        )
        for view, of_kinds in enumerate(entry.views):
            for each in of_kinds:
                self._db.execute(moments, (chunk, view, *packed_moments(each)))

    def entries(self) -> Iterator[tuple[int, Entry]]:
        """Yield all chunks and their entries by first key, with single histograms if expected.

        Those that are added meanwhile, before the one that was last yielded, do not matter.
        """
        columns = _MOMENTS + ", per_image_histograms" * self._expected.per_image
        query = (
            f"SELECT first_key, id, {_IMAGES} FROM chunks "
            "WHERE (first_key, id) > (?, ?) ORDER BY first_key, id LIMIT 1"
        )
        last: tuple[bytes, int] = (b"", -1)
        while found := self._db.execute(query, last).fetchone():
            key, chunk, *row = found
            entry = self._entry(chunk, tuple(row), columns)
            if (key, chunk) <= last:  # a forged index could lead in a circle
                raise DamagedError("entries are not in order")
            last = key, chunk
            yield chunk, entry

    def take(self, chunk: int, rows: Sequence[int]) -> Entry:
        """Return the entry of some rows of a chunk, with the histograms of single images."""
        query = f"SELECT {_IMAGES} FROM chunks WHERE id = ?"
        images = self._db.execute(query, (chunk,)).fetchone()
        whole = self._entry(chunk, images, f"{_MOMENTS}, per_image_histograms")
        try:
            return whole.take(rows)
        except ValueError as error:
            raise DamagedError(str(error)) from error

    def _entry(self, chunk: int, images: Row, columns: str) -> Entry:
        query = f"SELECT view, {columns} FROM moments WHERE chunk = ? ORDER BY view, rowid"
        with closing(self._db.execute(query, (chunk,))) as moments:
            return unpacked(images, moments, self._expected)

    def close(self) -> None:
        """Put the log into the file, if that can be, and let the lock go."""
        with suppress(sqlite3.Error):
            self._db.close()


def empty_journal() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(_TABLES)
    return db


def number(db: sqlite3.Connection, pragma: str) -> int:
    (value,) = db.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def objects(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Return what a database has, as it was created: tables, indices, views, triggers."""
    return db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    ).fetchall()


def _short(text: object) -> str:
    """Return text of a file that may be forged as a part of a message."""
    shown = printable(str(text))
    return shown if len(shown) <= 200 else f"{shown[:197]}..."
