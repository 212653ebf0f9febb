"""Histograms of single images: packed, and taken apart again."""

import zlib

import numpy as np
import pytest

from bnstat.moments import ChunkCounts, Kind
from bnstat.moments.histograms import Occurrences, pack, pack_16_bit, unpack, unpack_16_bit

RGB = Kind("RGB", ("R", "G", "B"), 255)


@pytest.mark.parametrize("largest", [0, 1, 255, 256, 65535, 65536, 2**32, 2**40])
def test_packing_loses_nothing(largest):
    """Whatever the width that the largest count needs."""
    counts = np.zeros((3, 2, 256), dtype=np.int64)
    counts[1, 0, 7], counts[2, 1, 255] = largest, 1
    assert (unpack(pack(counts), 3, 2) == counts).all()


@pytest.mark.parametrize("data", [b"", b"x", pack(np.zeros((4, 2, 256), dtype=np.int64))[:-3]])
def test_what_is_not_packed_is_refused(data):
    """Not with an error of some library's own."""
    with pytest.raises(ValueError):
        unpack(data, 4, 2)


def test_those_of_other_images_are_refused():
    """Their number must fit."""
    with pytest.raises(ValueError, match="not the histograms of 5 images"):
        unpack(pack(np.zeros((4, 3, 256), dtype=np.int64)), 5, 3)


def part(images, rows, draws):
    """Return the part of some images, (images, draws, 768) counts, at rows of a chunk."""
    accumulator = ChunkCounts()
    for row, image in zip(rows, images, strict=True):
        for draw in range(draws):
            accumulator.add_8_bit(row, RGB, image[draw].tolist())
    (found,) = accumulator.moments(per_image_histograms=True)
    return found


def figures(part):
    table = part.table
    arrays = (table.n, table.sum_or_mean, table.sumsq_or_m2, part.histogram)
    return [part.kind, part.rows, part.per_image_histograms, *(array.tolist() for array in arrays)]


@pytest.mark.parametrize("draws", [1, 3])
@pytest.mark.parametrize("kept", [[0, 2, 5], [5], [0, 1, 2, 3, 4, 5]])
def test_taking_images_is_never_having_had_the_others(draws, kept):
    """Moments, histogram and the images' own ones are those of the images that are kept."""
    images = np.random.default_rng(3).integers(0, 9, (6, draws, 768))
    rows = [0, 2, 3, 5, 7, 8]
    taken = part(images, rows, draws).take([rows[i] for i in kept])
    assert figures(taken) == figures(part(images[kept], range(len(kept)), draws))


def test_taking_none():
    """There is no part without rows."""
    assert part(np.ones((2, 1, 768), dtype=int), [1, 2], 1).take([0, 3]) is None


def test_taking_needs_what_was_not_kept():
    """Where a chunk's histogram cannot be told apart, that is an error and not a wrong figure."""
    accumulator = ChunkCounts()
    for row in (0, 1):
        accumulator.add_8_bit(row, RGB, [1] * 768)
    (whole,) = accumulator.moments()
    assert whole.per_image_histograms is None
    with pytest.raises(ValueError, match="were not kept"):
        whole.take([0])


WORD = Kind("RGB", ("R", "G", "B"), 65535)


def deep_part(images, rows):
    """Return the part of some 16-bit images at rows of a chunk."""
    accumulator = ChunkCounts()
    for row, image in zip(rows, images, strict=True):
        accumulator.add_16_bit(row, WORD, image)
    (found,) = accumulator.moments(per_image_histograms=True)
    return found


@pytest.mark.parametrize("kept", [[0, 2], [1], [0, 1, 2]])
def test_taking_16_bit_images(kept):
    """The histogram is that of the images that are kept."""
    rng = np.random.default_rng(4)
    images = [np.zeros((3, 65536), np.int64) for _ in range(3)]
    for image in images:
        image[rng.integers(0, 3, 40), rng.integers(0, 65536, 40)] = rng.integers(1, 1 << 40, 40)
    taken = deep_part(images, [1, 4, 6]).take([[1, 4, 6][i] for i in kept])
    alone = deep_part([images[i] for i in kept], range(len(kept)))
    assert figures(taken) == figures(alone)
    assert np.array_equal(taken.histogram, sum(images[i] for i in kept))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-12],
        lambda data: (1 << 62).to_bytes(8, "little") + data[8:],
        lambda data: (8).to_bytes(8, "little") + data[8:],
        lambda data: data[:8] + zlib.compress(b"\xff" * int.from_bytes(data[:8], "little")),
        lambda data: pack_16_bit([Occurrences(np.array([3 * 65536]), np.array([1]))] * 2),
        lambda data: pack_16_bit([Occurrences(np.array([0]), np.array([-1]))] * 2),
    ],
)
def test_what_are_not_16_bit_histograms(damage):
    """What a file holds that somebody else made is refused, and never inflated beyond its bound."""
    image = Occurrences(np.array([7, 65536]), np.array([3, 1]))
    with pytest.raises(ValueError, match="not the histograms of 2 images"):
        unpack_16_bit(damage(pack_16_bit([image, image])), 2, 3)
