"""Image keys, packed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bnstat.moments.keys import Keys
from bnstat.text import key_text

KEYS = [b"a.png", b"b/c.png", b"", b"caf\xe9.png", "\u6f22.png".encode(), b"z.png", b"zz.png"]


@given(places=st.lists(st.integers(0, len(KEYS) - 1), min_size=1, max_size=9))
def test_texts_are_those_of_the_places(places):
    """In the order asked for, whatever that is, one after another or not."""
    keys = Keys()
    keys.extend(KEYS[:3])
    keys.extend(KEYS[3:])

    assert keys.take(places) == [KEYS[place] for place in places]
    assert keys.texts(np.array(places)) == [key_text(KEYS[place]) for place in places]


def test_neighbours_in_another_order():
    """First and last as if they stood one after another."""
    keys = Keys()
    keys.extend([b"a", b"bb", b"ccc", b"dddd"])

    assert ["a", "ccc", "bb", "dddd"] == keys.texts(np.array([0, 2, 1, 3]))
    assert ["a", "bb", "ccc", "dddd"] == keys.texts(np.arange(4))
