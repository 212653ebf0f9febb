"""The file: one run at a time, of the same settings, and nothing that is no journal."""

import os
import sqlite3

import pytest

from bnstat.errors import JournalError
from bnstat.journal.store import Store

SETTINGS = {"mode": "RGB", "sources": "data"}


@pytest.fixture
def path(tmp_path):
    return os.fspath(tmp_path / "j.db")


def test_entries_come_back(path, entry, plain):
    """In a later run, by their first key; the images' own histograms when they are asked for."""
    store = Store(path, SETTINGS, 1)
    later = entry.take([4, 5, 6])
    store.add(later)
    store.add(entry.take([0, 1]))
    store.close()
    store = Store(path, SETTINGS, 1)
    found = list(store.entries())
    assert [each.keys for _, each in found] == [entry.keys[:2], entry.keys[4:]]
    assert plain(store.whole(found[1][0])) == plain(later)
    store.close()
    assert os.listdir(os.path.dirname(path)) == ["j.db"]


def test_more_entries_than_a_page(path, image, measured):
    """They are read some at a time, and none is left out; equal first keys do not matter."""
    from bnstat.journal import Entry

    store = Store(path, SETTINGS, 1)
    for i in range(100):
        store.add(Entry([b"%02d" % (i // 3)], [b"p" * 16], [], [measured([image(b"")], 1)]))
    keys = [each.keys[0] for _, each in store.entries()]
    store.close()
    assert keys == [b"%02d" % (i // 3) for i in range(100)]


def refusal(path, settings=SETTINGS):
    with pytest.raises(JournalError) as caught:
        Store(path, settings, 1)
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
    Store(path, SETTINGS, 1).close()
    assert refusal(path, settings) == (
        f"the journal j.db is of runs that differ in {difference}; name another journal, or "
        "measure as before"
    )


def test_other_files_are_refused_and_left_alone(path):
    """Text, a database of something else, a journal of the future."""
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
    os.unlink(path)
    Store(path, SETTINGS, 1).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()
    assert refusal(path) == (
        "the journal j.db has version 9; this bnstat reads 1: name another file"
    )


def test_a_place_that_cannot_be(tmp_path):
    """A folder, and a file in no folder."""
    for path in (tmp_path, tmp_path / "no" / "j.db"):
        assert refusal(os.fspath(path)).endswith("unable to open database file; name another file")


_HOLD = """
import sys
from bnstat.journal.store import Store
store = Store(sys.argv[1], {"mode": "RGB", "sources": "data"}, 1)
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
    Store(path, SETTINGS, 1).close()
