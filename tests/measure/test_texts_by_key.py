"""What is kept of images that fail: how many, and the first of them by key, or all."""

import pickle
import random
import tracemalloc

import pytest

from bnstat.measure import texts_by_key
from bnstat.measure.texts_by_key import Failures, TextsByKey
from bnstat.result import Failure


@pytest.fixture
def said():
    """Keys in any order, some of no UTF-8, each with one of a few texts."""
    keys = [b"%04d.png" % i for i in range(990)] + [b"a\n\xff%d" % i for i in range(10)]
    random.Random(5).shuffle(keys)
    return [(key, f"reason {len(key) % 3}\n\ud800") for key in keys]


@pytest.fixture(params=[30, 20_000])
def block(request, monkeypatch):
    """Let so many texts be compressed together."""
    monkeypatch.setattr(texts_by_key, "_BLOCK", request.param)


@pytest.mark.usefixtures("block")
@pytest.mark.parametrize("most", [None, 0, 7, 400, 1000, 5000])
def test_the_first_by_key_are_kept(said, most):
    """Of all that are added, in any order; all are counted."""
    texts = TextsByKey(most)
    for start in range(0, len(said), 30):
        texts.add(said[start : start + 30])
    assert len(texts) == 1000
    assert list(texts) == sorted(said)[:most]
    assert pickle.loads(pickle.dumps(texts)) == texts


@pytest.mark.usefixtures("block")
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


@pytest.mark.parametrize("most", [None, 10])
def test_failures_take_little_memory(monkeypatch, most):
    """At most 100 bytes each, in any order of keys of 60 bytes, while they are read too."""
    monkeypatch.setattr(texts_by_key, "_BLOCK", 2000)
    keys = random.Random(5).sample(range(10**9), 20_000)
    texts = TextsByKey(most)
    tracemalloc.start()
    texts.add((b"%060d" % key, f"has {key} bytes, more than --max-bytes allows") for key in keys)
    assert sum(1 for _ in texts) == (most or len(keys))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * len(keys)


@pytest.mark.parametrize("most", [None, 7])
def test_failures_are_a_sequence(said, most):
    """They are what a tuple of them is, and are made when they are read."""
    texts = TextsByKey(most)
    texts.add((key, text) for key, text in said if b"\xff" not in key)
    told = tuple(Failure(key.decode(), text) for key, text in texts)
    failures = Failures(texts)
    assert failures == told and told == failures and failures != told[1:]
    assert (len(failures), repr(failures)) == (len(told), repr(told))
    assert (failures[0], failures[-1]) == (told[0], told[-1])
    for part in (slice(3), slice(2, None, 2), slice(-3, None), slice(None, None, -2), slice(5, 1)):
        assert failures[part] == told[part]
    with pytest.raises(IndexError):
        failures[len(told)]
