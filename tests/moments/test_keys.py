"""Keys, packed."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bnstat.moments.keys import Keys

chunks = st.lists(st.lists(st.binary(max_size=6), max_size=5), max_size=6)


@given(chunks)
def test_keys_come_back_in_their_order(chunks):
    """However they were added, the empty key among them."""
    keys, expected = Keys(), []
    for chunk in chunks:
        keys.extend(chunk)
        expected += chunk
    assert list(keys) == expected
    assert list(keys) == expected  # and again
    assert len(keys) == len(expected)
    assert all(key in keys for key in expected)
    assert b"no such key" not in keys


@given(chunks)
def test_keys_know_whether_they_ascend(chunks):
    """Within a chunk, and from one to the next."""
    keys = Keys()
    for chunk in chunks:
        keys.extend(chunk)
    assert keys.ascending == all(a <= b for a, b in pairwise(list(keys)))
