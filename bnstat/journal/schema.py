"""The tables of a journal, and how a file is known to have them and nothing else.

Version 1, of bnstat 0.1, had one number of samples for all channels, and no ctime in fingerprints.
"""

from __future__ import annotations

import sqlite3

# What tells a journal from other SQLite files, and the version of its tables.
APPLICATION = 0x626E7374
VERSION = 2

_TABLES = f"""
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunks (
    id INTEGER PRIMARY KEY, first_key BLOB NOT NULL, keys BLOB NOT NULL, key_ends BLOB NOT NULL,
    fingerprints BLOB NOT NULL, deep BLOB NOT NULL, transparent BLOB NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE INDEX chunks_by_key ON chunks (first_key, id);
CREATE TABLE moments (
    chunk INTEGER NOT NULL, view INTEGER NOT NULL, kind TEXT NOT NULL, rows BLOB NOT NULL,
    n BLOB NOT NULL, first BLOB NOT NULL, second BLOB NOT NULL, left_out BLOB, histogram BLOB,
    checksum INTEGER NOT NULL, per_image_histograms BLOB
);
CREATE INDEX moments_by_chunk ON moments (chunk, view);
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
"""


def empty_journal() -> sqlite3.Connection:
    """Return a journal in memory that has its tables and nothing in them."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(_TABLES)
    return db


def number(db: sqlite3.Connection, pragma: str) -> int:
    """Return the value of a pragma: application_id, user_version."""
    (value,) = db.execute(f"PRAGMA {pragma}").fetchone()
    return int(value)


def objects(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    """Return what a database has, as it was created: tables, indices, views, triggers."""
    return db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    ).fetchall()
