"""What is kept of images that fail: how many, and the first of them by key."""

import random

import pytest

from bnstat.measure.found import TextsByKey


@pytest.fixture
def said():
    """Keys in any order, each with one of a few texts."""
    keys = [b"%04d.png" % i for i in range(1000)]
    random.Random(5).shuffle(keys)
    return [(key, f"reason {int(key[:4]) % 3}") for key in keys]


@pytest.mark.parametrize("most", [None, 0, 7, 400, 1000, 5000])
def test_the_first_by_key_are_kept(said, most):
    """Of all that are added, in any order; all are counted."""
    texts = TextsByKey(most)
    for start in range(0, len(said), 30):
        texts.add(said[start : start + 30])
    assert len(texts) == 1000
    assert list(texts) == sorted(said)[:most]


@pytest.mark.parametrize("most", [None, 7])
def test_shards_join_to_the_whole(said, most):
    """The first of all are among the first of each shard; numbers add up."""
    shards = [TextsByKey(most) for _ in range(3)]
    for i, shard in enumerate(shards):
        shard.add(said[i::3])
    whole = TextsByKey(most)
    whole.add(said)
    assert TextsByKey.merged(shards) == whole
    assert whole != TextsByKey.merged(shards[:2])


def test_equal_texts_are_held_once(said):
    """A million failures for one reason hold that reason once."""
    texts = TextsByKey()
    texts.add((key, text + "!") for key, text in said)
    assert len({id(text) for _, text in texts}) == 3
