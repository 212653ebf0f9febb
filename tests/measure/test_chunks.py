"""Chunks: the same references in the same order, in pieces of bounded work."""

import os
import pickle
from itertools import count, islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from bnstat.measure.dispatch import chunks
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources

MAX_BYTES = 2 << 20


def references(sizes):
    return [Reference(b"%d" % i, b"", size, 0) for i, size in enumerate(sizes)]


# Many small images, of which 512 are a chunk, and few that are large.
SMALL = st.integers(500, 1300).map(lambda number: [number % 7] * number)
SIZES = SMALL | st.lists(st.one_of(st.integers(0, 100), st.integers(0, 3 << 20)), max_size=60)


@given(SIZES)
def test_nothing_is_lost_or_moved(sizes):
    """Chunks put together are what was cut, and none is empty."""
    whole, cut = references(sizes), list(chunks(references(sizes)))
    assert [reference for chunk in cut for reference in chunk] == whole
    assert all(cut)


@given(SIZES)
def test_chunks_are_bounded(sizes):
    """A chunk has at most 512 images, and 2 MiB unless it is one image."""
    for chunk in chunks(references(sizes)):
        assert len(chunk) <= 512
        assert len(chunk) == 1 or sum(reference.size for reference in chunk) <= MAX_BYTES


def test_many_small_images_are_cut_at_512():
    """Neither before nor after."""
    assert [512, 512, 1] == [len(chunk) for chunk in chunks(references([1] * 1025))]


@given(SIZES)
def test_chunks_are_as_large_as_may_be(sizes):
    """No chunk would have had room for the next image."""
    cut = list(chunks(references(sizes)))
    for chunk, after in pairwise(cut):
        full = sum(reference.size for reference in [*chunk, after[0]]) > MAX_BYTES
        assert full or len(chunk) == 512


def test_a_stream_without_end_is_cut_as_it_comes():
    """No more is read than the chunk and the image that did not fit."""
    read = []

    def stream():
        for i in count():
            read.append(i)
            yield Reference(b"%d" % i, b"", 1 << 20, 0)

    first = list(islice(chunks(stream()), 3))
    assert ([len(chunk) for chunk in first], len(read)) == ([2, 2, 2], 6)


def test_chunks_are_sent_whole(photos):
    """What a worker gets is what was cut: each reference with all that it has."""
    [chunk] = chunks(Sources.open([os.fspath(photos)]))
    assert pickle.loads(pickle.dumps(chunk)) == list(chunk)
    assert type(pickle.loads(pickle.dumps(chunk))[0]) is Reference
