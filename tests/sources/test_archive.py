"""Members that are listed before any is read: of equal keys the last."""

import random

import pytest

from bnstat.sources.archive import MemberTable


@pytest.mark.parametrize("keys", [1, 3, 50, 2000])
def test_the_last_of_each_key_is_kept(keys):
    """In the order in which they were added, with the numbers that were added with them."""
    rng = random.Random(keys)
    added = [(b"%d.png" % rng.randrange(keys), i, -i) for i in range(500)]
    table = MemberTable(2)
    for key, *numbers in added:
        table.add(key, *numbers)
    last = {key: (one, two) for key, one, two in added}
    expected = [(key, [one, two]) for key, one, two in added if last[key] == (one, two)]
    assert [(key, list(numbers)) for key, numbers in table] == expected


def test_keys_of_equal_hash_are_different_keys(monkeypatch):
    """A hash only says which keys have to be compared."""
    monkeypatch.setattr("bnstat.sources.archive.hash", lambda key: 7, raising=False)
    table = MemberTable(1)
    for number, key in enumerate([b"a", b"b", b"a", b"c"]):
        table.add(key, number)
    assert [(key, *numbers) for key, numbers in table] == [(b"b", 1), (b"a", 2), (b"c", 3)]
