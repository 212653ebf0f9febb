"""Entries as columns: nothing is lost, and nothing damaged or forged is taken."""

import json
import tracemalloc
import zlib

import numpy as np
import pytest

from bnstat.journal.entry import (
    DamagedError,
    _checksum,
    packed_images,
    packed_moments,
    unpacked,
)
from bnstat.moments import ChunkMoments, Kind, MomentsTable
from bnstat.moments.histograms import unpack


def packed(entry):
    return packed_images(entry), [(0, *packed_moments(part)) for part in entry.views[0]]


def test_nothing_is_lost(entry, plain, expected):
    """Keys of any bytes, all kinds of moments, to the last bit."""
    assert plain(unpacked(*packed(entry), expected())) == plain(entry)


def test_ends_of_floats_may_be_missing(entry, plain, expected):
    """Those of an older journal are not known; ends that are not around the mean are refused."""
    images, [*others, (view, *columns)] = packed(entry)
    known = columns[4]

    def read(second):
        own = [*columns[:4], second, *columns[5:8]]
        row = (view, *own, _checksum(tuple(own)), columns[9])
        return unpacked(images, [*others, row], expected()).views[0][-1].table

    assert read(known).ends.shape == (2, 1, 2)
    assert read(known[:16]).ends is None
    for ends in ([9, 9, 9, 9], [np.nan] * 4):
        with pytest.raises(DamagedError, match="not between the ends"):
            read(known[:16] + np.array(ends, "<f8").tobytes())


def test_samples_that_were_left_out_are_kept(entry, plain, expected):
    """By draw and channel; they count in the result."""
    table = MomentsTable(1, np.array([[0], [3]]), np.zeros((2, 1)), np.ones((2, 1)))
    kind, left_out = Kind("F", ("L",), 1), np.array([[5], [2]])
    moments = ChunkMoments(kind, [0, 0], table, None, None, left_out)
    one = entry.take([0])
    whole = type(one)(one.keys, one.fingerprints, [], [], [[moments]], one.appearances)
    assert plain(unpacked(*packed(whole), expected(2))) == plain(whole)


def test_any_byte_that_changes_is_found(entry, expected):
    """In every column of the images and of the moments; zlib has a check of its own."""
    images, parts = packed(entry)
    for row, put in [(images, lambda r: (r, parts))] + [
        (part, lambda r, i=i: (images, [*parts[:i], (0, *r), *parts[i + 1 :]]))
        for i, (_, *part) in enumerate(parts)
    ]:
        for column, value in enumerate(row[:8]):
            for at in range(0, len(value) if isinstance(value, bytes) else 1, 7):
                with pytest.raises(DamagedError):
                    unpacked(
                        *put((*row[:column], changed(value, at), *row[column + 1 :])), expected()
                    )


def changed(value, at):
    if isinstance(value, bytes) and value:
        return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
    if isinstance(value, int):
        return value + 1
    return "[]" if isinstance(value, str) else b"x"


def test_missing_moments_are_found(entry, expected):
    """An image whose moments are gone does not count as measured."""
    images, parts = packed(entry)
    with pytest.raises(DamagedError, match="moments of some images are missing"):
        unpacked(images, parts[1:], expected())


def test_moments_that_come_twice_are_found(entry, expected):
    """An image would count twice."""
    images, parts = packed(entry)
    with pytest.raises(DamagedError, match="images have moments twice"):
        unpacked(images, [*parts, parts[0]], expected())


def test_the_first_that_comes_twice_ends_the_reading(entry, expected):
    """A forged entry may repeat its moments any number of times, which no memory holds."""
    images, parts = packed(entry)
    forged = iter([*parts, *parts, *parts])
    with pytest.raises(DamagedError, match="images have moments twice"):
        unpacked(images, forged, expected())
    assert 2 * len(parts) - 1 == len(list(forged))


def test_another_number_of_draws_is_found(entry, expected):
    """Each image has as many as the run asks for."""
    with pytest.raises(DamagedError, match="draws of an image are missing"):
        unpacked(*packed(entry), expected(2))


def test_a_view_too_many_is_refused(entry, expected):
    """As are columns of other types."""
    images, parts = packed(entry)
    with pytest.raises(DamagedError):
        unpacked(images, [(1, *part[1:]) for part in parts], expected())
    with pytest.raises(DamagedError):
        unpacked((None,) * 9, parts, expected())


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (6, '[[3, 0, "L", 8, ""], [1, 1, "L", 8, ""]]'),
        (6, '[[3, 2, "L", 8], [1, 1, "L", 8, ""]]'),
        (6, '[[3, 2, 7, 8, ""], [1, 1, "L", 8, ""]]'),
        (6, '[[3, 2, "L", 8, ""]]'),
        (6, "[" * 10**6),
        (6, '[[3, 2, "L", 8, ""], [1, 1, "L", 8, "' + "x" * (200 << 16) + '"]]'),
        (7, bytes(8 * 6)),
        (7, b"\xff" * 56),
    ],
)
def test_forged_appearances_are_refused(entry, expected, column, value):
    """What no image is like, and what is of other images."""
    images, parts = packed(entry)
    columns = (*images[:column], value, *images[column + 1 : -1])
    with pytest.raises(DamagedError):
        unpacked((*columns, _checksum(columns)), parts, expected())


BOMB = zlib.compress(bytes(64 << 20), 1)
FORGED = {
    "kind": [
        '["RGB", ["R"], 255]',
        '["L", ["L"], 256]',
        "[" * 900,
        "[" * 100_000,
        "{}",
        "7",
        '["L", [7], 255]',
        '[["L"], ["L"], 255]',
        json.dumps(["99999 channels", [f"C{i}" for i in range(99999)], 255]),
        '["nothing", [], 255]',
    ],
    "rows": [b"", b"\0" * 7, b"\xff" * 24, b"\0" * 24],
    "n": [b"", b"\xff" * 24, b"\0" * 24],
    "first": [b"\xff" * 24, b"\0" * 16],
    "second": [b"\xff" * 24],
    "left_out": [b"\xff" * 24, b"\0"],
    "histogram": [b"", b"no zlib", BOMB, zlib.compress(bytes(2047))],
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param(i, value, id=f"{name} {k}")
        for i, (name, values) in enumerate(FORGED.items())
        for k, value in enumerate(values)
    ],
)
def test_forged_values_are_refused(entry, expected, column, value):
    """Though the checksum is right: whoever can write a journal can compute one."""
    images, (part, *rest) = packed(entry)
    view, *columns = part
    columns[column] = value
    columns[8] = _checksum(tuple(columns[:8]))
    with pytest.raises(DamagedError, match=r"^(?!columns|a checksum)"):
        unpacked(images, [(view, *columns), *rest], expected())


def test_histograms_of_too_many_images_are_refused(entry, expected):
    """They would be inflated to be cut down to some of the images."""
    images, (part, *rest) = packed(entry)
    with pytest.raises(DamagedError, match="more histograms than images"):
        unpacked(images, [(*part[:-1], bytes(10**5)), *rest], expected())


def test_what_is_inflated_is_bounded(entry, expected):
    """A histogram of 64 MB once inflated, in 64 KB: no more of it is inflated than there may be."""
    images, (part, *rest) = packed(entry)
    columns = [*part[1:7], BOMB, part[8]]
    forged = [(0, *columns, _checksum(tuple(columns)), BOMB), *rest]
    tracemalloc.start()
    try:
        with pytest.raises(DamagedError, match="buffer size"):
            unpacked(images, forged, expected())
        with pytest.raises(ValueError, match="not the histograms"):
            unpack(BOMB, 3, 1)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
