"""The file: one run at a time, of the same settings, and nothing that is no journal."""

import os
import sqlite3
from contextlib import closing

import pytest

from bnstat.errors import JournalError
from bnstat.journal import Entry, Expected
from bnstat.journal.entry import DamagedError
from bnstat.journal.store import VERSION, Store
from bnstat.measure.planes import is_kind

SETTINGS = {"mode": "RGB", "sources": "data"}


EXPECTED = Expected((1,), is_kind)


@pytest.fixture
def path(tmp_path):
    return os.fspath(tmp_path / "j.db")


def test_entries_come_back(path, entry, plain):
    """In a later run, by their first key; the images' own histograms when they are asked for."""
    store = Store(path, SETTINGS, EXPECTED)
    later = entry.take([4, 5, 6])
    store.add(later)
    store.add(entry.take([0, 1]))
    store.close()
    store = Store(path, SETTINGS, EXPECTED)
    found = list(store.entries())
    assert [each.keys for _, each in found] == [entry.keys[:2], entry.keys[4:]]
    assert plain(store.take(found[1][0], [0, 1, 2])) == plain(later)
    store.close()
    assert os.listdir(os.path.dirname(path)) == ["j.db"]


def test_more_entries_than_a_page(path, image, measured, appearances):
    """They are read some at a time, and none is left out; equal first keys do not matter."""
    store = Store(path, SETTINGS, EXPECTED)
    for i in range(100):
        moments = [measured([image(b"")], 1)]
        store.add(Entry([b"%02d" % (i // 3)], [b"p" * 16], [], [], moments, appearances(1)))
    keys = [each.keys[0] for _, each in store.entries()]
    store.close()
    assert keys == [b"%02d" % (i // 3) for i in range(100)]


def refusal(path, settings=SETTINGS):
    with pytest.raises(JournalError) as caught:
        Store(path, settings, EXPECTED)
    return str(caught.value).replace(path, "j.db")


@pytest.mark.parametrize(
    ("settings", "difference"),
    [
        (SETTINGS | {"mode": "L"}, "mode: RGB there, L here"),
        (SETTINGS | {"shard": "1/2"}, "shard: none there, 1/2 here"),
        ({"mode": "RGB"}, "sources: data there, none here"),
    ],
)
def test_other_settings_are_refused(path, settings, difference):
    """Naming what differs, also where one has a setting that the other has not."""
    Store(path, SETTINGS, EXPECTED).close()
    assert refusal(path, settings) == (
        f"the journal j.db is of runs that differ in {difference}; name another journal, or "
        "measure as before"
    )


def test_other_files_are_refused_and_left_alone(path):
    """Text, a database of something else."""
    with open(path, "w") as file:
        file.write("hello")
    assert refusal(path) == (
        "cannot use the journal j.db: file is not a database; name another file"
    )
    with open(path) as file:
        assert file.read() == "hello"
    os.unlink(path)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    assert refusal(path) == "j.db is no journal of bnstat; name another file"


@pytest.mark.parametrize("version", [0, 1, VERSION + 7])
def test_a_journal_of_another_version_is_emptied(path, entry, version):
    """Its tables mean something else: all is measured anew, and nothing is misread."""
    store = Store(path, SETTINGS, EXPECTED)
    store.add(entry)
    store.close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(f"ALTER TABLE chunks ADD COLUMN x; PRAGMA user_version = {version}")
    store = Store(path, SETTINGS | {"mode": "L"}, EXPECTED)
    assert list(store.entries()) == []
    store.add(entry)
    store.close()
    store = Store(path, SETTINGS | {"mode": "L"}, EXPECTED)
    assert [each.keys for _, each in store.entries()] == [entry.keys]
    store.close()


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "


@pytest.mark.parametrize(
    "forged",
    [
        f"DROP TABLE chunks; CREATE VIEW chunks AS {ENDLESS} i, zeroblob(100000000) FROM n",
        "CREATE TRIGGER t AFTER INSERT ON chunks BEGIN DELETE FROM moments; END",
        "ALTER TABLE chunks ADD COLUMN x AS (zeroblob(100000000))",
        "DROP INDEX chunks_by_key",
        "CREATE TABLE more (x)",
    ],
    ids=["view", "trigger", "column", "index", "table"],
)
def test_what_else_a_forged_file_has_is_not_run(path, forged):
    """Views, triggers and computed columns run when a table is read or written."""
    Store(path, SETTINGS, EXPECTED).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(forged)
    assert refusal(path) == "j.db is no journal of bnstat; name another file"


@pytest.mark.parametrize("value", ["7", "'text'", "x''", "x'ff'"])
def test_forged_first_keys_are_refused(path, entry, value):
    """By them entries are read in order; of other values, there may be no end."""
    store = Store(path, SETTINGS, EXPECTED)
    store.add(entry.take([1, 2]))
    store.add(entry.take([3, 4]))
    store.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE chunks SET first_key = {value} WHERE id = 2")
    store = Store(path, SETTINGS, EXPECTED)
    try:
        found = [each.keys for _, each in store.entries()]
    except DamagedError:
        found = [entry.keys[1:3]]
    assert [entry.keys[1:3]] == found
    store.close()


@pytest.mark.parametrize("setting", ["\\x1b[2J" * 100, "a" * 10**6])
def test_forged_settings_are_shown_short_and_escaped(path, setting):
    """They stand in the message that they differ."""
    Store(path, SETTINGS, EXPECTED).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE settings SET value = ? WHERE name = 'mode'", (setting,))
    said = refusal(path)
    assert said.isprintable() and len(said) < 500


def test_a_place_that_cannot_be(tmp_path):
    """A folder, and a file in no folder."""
    for path in (tmp_path, tmp_path / "no" / "j.db"):
        assert refusal(os.fspath(path)).endswith("unable to open database file; name another file")


_HOLD = """
import sys
from bnstat.journal import Expected
from bnstat.journal.store import Store
store = Store(sys.argv[1], {"mode": "RGB", "sources": "data"}, Expected((1,), bool))
print("held", flush=True)
sys.stdin.read()
"""


def test_one_run_at_a_time(path, start):
    """While a process has the journal, it is refused; killed, it has let go of it."""
    holder = start("-c", _HOLD, path, stdin=-1)
    assert holder.stdout.readline() == b"held\n"
    assert refusal(path) == (
        "the journal j.db is in use by another run; wait for its end, or name another file"
    )
    holder.kill()
    holder.wait()
    Store(path, SETTINGS, EXPECTED).close()
