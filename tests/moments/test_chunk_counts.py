"""What a worker keeps of a chunk: draws in, moments out, by kind."""

import numpy as np

from bnstat.moments import Centred, ChunkCounts, Kind

RGB = Kind("RGB", ("R", "G", "B"), 255)
DEEP = Kind("RGB", ("R", "G", "B"), 65535)
FLOATS = Kind("RGB", ("R", "G", "B"), 1)


def histogram(*channels):
    """Return what Pillow's `histogram()` would, of channels given as lists of samples."""
    return np.concatenate([np.bincount(c, minlength=256) for c in channels]).tolist()


def deep_counts(*channels):
    return np.stack([np.bincount(c, minlength=65536) for c in channels])


def test_nothing_gives_no_parts():
    """A chunk of which nothing could be measured has no moments."""
    assert list(ChunkCounts().moments()) == []


def test_8_bit_draws_become_sums_and_a_histogram():
    """Each draw is a row of the table; the histogram is that of all draws together."""
    accumulator = ChunkCounts()
    accumulator.add_8_bit(0, RGB, histogram([0, 255], [1, 2], [3, 3]))
    accumulator.add_8_bit(1, RGB, histogram([255], [2], [0]))
    [part] = accumulator.moments()

    assert (part.kind, part.rows) == (RGB, [0, 1])
    assert part.table.n[:, 0].tolist() == [2, 1]
    assert part.table.sum_or_mean.tolist() == [[255, 3, 6], [255, 2, 0]]
    assert part.table.sumsq_or_m2.tolist() == [[65025, 5, 18], [65025, 4, 0]]
    assert part.histogram.ravel().tolist() == histogram([0, 255, 255], [1, 2, 2], [3, 3, 0])


def test_16_bit_draws_become_sums_and_one_histogram():
    """Of 65,536 counts a draw only their sum leaves the worker."""
    accumulator = ChunkCounts()
    accumulator.add_16_bit(0, DEEP, deep_counts([65535, 0], [257, 257], [1, 2]))
    accumulator.add_16_bit(1, DEEP, deep_counts([7], [8], [9]))
    [part] = accumulator.moments()

    assert (65535, (3, 65536)) == (part.table.scale, part.histogram.shape)
    assert [[0, 7, 65535], [8, 257], [1, 2, 9]] == [
        np.flatnonzero(c).tolist() for c in part.histogram
    ]
    assert (2, 1) == (part.histogram[1, 257], part.histogram[0, 7])
    assert part.table.sum_or_mean.tolist() == [[65535, 514, 3], [7, 8, 9]]
    assert part.table.sumsq_or_m2.tolist() == [[65535**2, 2 * 257**2, 5], [49, 64, 81]]


def test_floats_are_kept_as_they_are():
    """n, mean and M2 of each draw, one row each."""
    accumulator = ChunkCounts()
    own = [
        Centred(
            np.array([4, 4, 4]),
            np.array([0.1, 0.2, 0.3]),
            np.array([1.0, 2.0, 3.0]),
            np.eye(3)[:2].T,
        ),
        Centred(
            np.array([9, 9, 0]),
            np.array([-1.0, 0.0, 0.0]),
            np.array([0.0, 0.5, 0.0]),
            np.eye(3)[1:].T,
        ),
    ]
    for row, moments in enumerate(own):
        accumulator.add_floats(row, FLOATS, moments)
    [part] = accumulator.moments()

    assert (part.table.scale, part.histogram) == (1, None)
    assert part.table.n.tolist() == [[4, 4, 4], [9, 9, 0]]
    assert part.table.sum_or_mean.tolist() == [[0.1, 0.2, 0.3], [-1.0, 0.0, 0.0]]
    assert part.table.sumsq_or_m2.tolist() == [[1.0, 2.0, 3.0], [0.0, 0.5, 0.0]]
    assert part.table.ends.tolist() == [[[1, 0], [0, 1], [0, 0]], [[0, 0], [1, 0], [0, 1]]]


def test_kinds_are_kept_apart_with_their_rows():
    """A part's rows say which draws of the chunk it has, gaps for failures included."""
    accumulator = ChunkCounts()
    accumulator.add_8_bit(0, RGB, histogram([1], [1], [1]))
    accumulator.add_16_bit(2, DEEP, deep_counts([5], [5], [5]))
    accumulator.add_8_bit(5, RGB, histogram([2], [2], [2]))
    parts = {part.kind: part for part in accumulator.moments()}

    assert {kind: part.rows for kind, part in parts.items()} == {RGB: [0, 5], DEEP: [2]}
    assert parts[RGB].table.sum_or_mean[:, 0].tolist() == [1, 2]


def test_the_same_depth_in_another_mode_is_another_kind():
    """Grayscale and colour do not share a table."""
    accumulator = ChunkCounts()
    accumulator.add_8_bit(0, RGB, histogram([1], [1], [1]))
    accumulator.add_8_bit(1, Kind("L", ("L",), 255), histogram([1]))

    assert [part.kind.mode for part in accumulator.moments()] == ["RGB", "L"]
