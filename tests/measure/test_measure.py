"""Measuring: what a worker makes of a chunk."""

import os
import pickle
import struct
import zlib

from PIL import Image

from bnstat import position
from bnstat.measure.measure import Measure
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources

PLAIN = Measure("RGB", Limits(10**9))


def references(folder):
    return list(Sources.open([os.fspath(folder)]))


def test_a_chunk_is_measured_row_by_row(photos):
    """Each image's moments stand in its own row, in the order of the chunk."""
    chunk = references(photos)
    (whole,) = PLAIN(chunk)
    (part,) = whole.moments
    assert part.rows == list(range(len(chunk)))
    for row, reference in enumerate(chunk):
        (alone,) = PLAIN([reference])
        assert (
            part.table.sum_or_mean[row].tolist() == alone.moments[0].table.sum_or_mean[0].tolist()
        )
        assert part.table.n[row].tolist() == alone.moments[0].table.n[0].tolist()


def test_failures_do_not_touch_their_neighbours(photos, tmp_path):
    """A failure has its row and reason, and the other rows are what they are without it."""
    (tmp_path / "bad.jpg").write_bytes(b"no image")
    (bad,) = references(tmp_path)
    good = references(photos)
    (mixed,) = PLAIN([bad, *good[:2], bad, *good[2:]])
    assert mixed.failures == [(row, "is not an image of a known format") for row in (0, 3)]
    assert mixed.moments[0].rows == [1, 2, 4, 5, 6, 7]
    (alone,) = PLAIN(good)
    assert (
        mixed.moments[0].table.sumsq_or_m2.tolist() == alone.moments[0].table.sumsq_or_m2.tolist()
    )
    assert mixed.moments[0].histogram.tolist() == alone.moments[0].histogram.tolist()


def test_what_leaves_a_worker_is_small(photos, heavy):
    """Moments and one histogram are sent, no pixels: a few kilobytes for a megapixel."""
    chunk = references(heavy)[:3]
    assert len(pickle.dumps(PLAIN(chunk))) < 20_000 < sum(reference.size for reference in chunk)


def test_an_empty_chunk(photos):
    """Nothing gives nothing."""
    (empty,) = PLAIN([])
    assert (empty.moments, empty.failures, empty.deep) == ([], [], [])


def test_a_file_of_too_many_bytes_is_not_opened(photos):
    """It fails with its size; smaller ones are measured."""
    chunk = references(photos)
    sizes = sorted(reference.size for reference in chunk)
    (measured,) = Measure("RGB", Limits(10**9, max_bytes=sizes[2]))(chunk)
    large = [row for row, reference in enumerate(chunk) if reference.size > sizes[2]]
    assert measured.failures == [
        (row, f"has {chunk[row].size} bytes, more than --max-bytes allows") for row in large
    ]
    assert len(measured.moments[0].rows) == 3


def test_what_pillow_warns_of_is_kept_by_image(photos, tmp_path, recwarn):
    """With the row of its image; nothing of it reaches the program around."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    no_frames = b"acTL" + bytes(8)
    chunk = struct.pack(">I", 8) + no_frames + struct.pack(">I", zlib.crc32(no_frames))
    (tmp_path / "a.png").write_bytes(data[:33] + chunk + data[33:])  # behind the header
    (bad,) = references(tmp_path)
    (measured,) = PLAIN([*references(photos)[:2], bad])
    assert measured.warnings == [(2, "Invalid APNG, will use default PNG image if possible")]
    assert measured.failures == []
    assert list(recwarn) == []


def test_an_image_that_ended_its_worker():
    """Is a failure in every view, for the reason that the engine tells."""
    (measured,) = PLAIN.lost("worker died (signal 9)")
    assert (measured.moments, measured.failures) == ([], [(0, "worker died (signal 9)")])


def test_a_process_tells_at_which_image_it_is(photos):
    """Before each is opened; and at the end that it is at none."""
    place, places = memoryview(bytearray(2)).cast("H"), []

    class Noting(Reference):
        def open(self, limits):
            places.append(place[0])
            return super().open(limits)

    position.show_in(place)
    PLAIN([Noting(*reference) for reference in references(photos)])
    assert (places, place[0]) == ([0, 1, 2, 3, 4, 5], position.NOWHERE)
