"""Measuring: what a worker makes of a chunk."""

import os
import pickle

from bnstat.images import Sources
from bnstat.scan import Measure

PLAIN = Measure("RGB", 10**9)


def references(folder):
    return list(Sources.open([os.fspath(folder)]))


def test_a_chunk_is_measured_row_by_row(photos):
    """Each image's moments stand in its own row, in the order of the chunk."""
    chunk = references(photos)
    (whole,) = PLAIN(chunk)
    (part,) = whole.parts
    assert part.rows == list(range(len(chunk)))
    for row, reference in enumerate(chunk):
        (alone,) = PLAIN([reference])
        assert part.table.first[row].tolist() == alone.parts[0].table.first[0].tolist()
        assert part.table.n[row] == alone.parts[0].table.n[0]


def test_failures_do_not_touch_their_neighbours(photos, tmp_path):
    """A failure has its row and reason, and the other rows are what they are without it."""
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    (bad,) = references(tmp_path)
    good = references(photos)
    (mixed,) = PLAIN([bad, *good[:2], bad, *good[2:]])
    assert mixed.failures == [(row, "is not an image that Pillow can read") for row in (0, 3)]
    assert mixed.parts[0].rows == [1, 2, 4, 5, 6, 7]
    (alone,) = PLAIN(good)
    assert mixed.parts[0].table.second.tolist() == alone.parts[0].table.second.tolist()
    assert mixed.parts[0].histogram.tolist() == alone.parts[0].histogram.tolist()


def test_what_leaves_a_worker_is_small(photos, heavy):
    """Moments and one histogram are sent, no pixels: a few kilobytes for a megapixel."""
    chunk = references(heavy)[:3]
    assert len(pickle.dumps(PLAIN(chunk))) < 20_000 < sum(reference.size for reference in chunk)


def test_an_empty_chunk(photos):
    """Nothing gives nothing."""
    (empty,) = PLAIN([])
    assert (empty.parts, empty.failures, empty.deep) == ([], [], [])
