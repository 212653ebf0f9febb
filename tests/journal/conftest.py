"""Entries of a few images, and images as a run meets them."""

from array import array
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import pytest

from bnstat.journal import Entry, Expected
from bnstat.journal.entry import stored_fingerprint
from bnstat.measure.planes import is_kind
from bnstat.moments import Appearances, Centred, ChunkCounts, Kind

KINDS = [Kind("L", ("L",), 255), Kind("I;16", ("L",), 65535), Kind("F", ("L",), 1)]


class Image(NamedTuple):
    """An image that is nothing but its key and how often it was changed."""

    key: bytes
    version: int = 0
    ctimes: tuple[int, ...] = (0,)

    def fingerprint(self):
        return int.from_bytes(blake2b(b"%d/%s" % (self.version, self.key), digest_size=32).digest())


def parts_of(images, kinds):
    """Return moments of images, which follow from key and version, in turn of some kinds."""
    accumulator = ChunkCounts()
    for row, image in enumerate(images):
        seed = image.fingerprint() % 1000
        kind = KINDS[row % kinds]
        if kind.scale == 255:
            accumulator.add_8_bit(row, kind, np.bincount([seed % 256] * 3, minlength=256).tolist())
        elif kind.scale == 65535:
            accumulator.add_16_bit(row, kind, np.bincount([seed], minlength=65536)[np.newaxis])
        else:
            mean, m2, ends = np.array([seed / 7]), np.array([0.02]), np.array([[-0.1, 0.1]])
            moments = Centred(np.array([2]), mean, m2, mean + ends)
            accumulator.add_floats(row, kind, moments)
    return list(accumulator.moments(per_image_histograms=True))


def looks(images):
    """Return what images are like: two ways in turn."""
    two = [(3, 2, "L", 8, "PNG"), (1, 1, "I;16", 12, "")]
    return Appearances(two, array("h", [row % 2 for row in range(images)]))


@pytest.fixture(scope="session")
def appearances():
    """Make what so many images are like."""
    return looks


@pytest.fixture(scope="session")
def image():
    """Make an image of a key."""
    return Image


@pytest.fixture(scope="session")
def expected():
    """Make what the entries of a journal have in common: one view, with one draw an image."""
    return lambda *draws: Expected(draws or (1,), is_kind)


@pytest.fixture(scope="session")
def measured():
    """Return the moments of images, a list of parts."""
    return lambda images, kinds=3: parts_of(images, kinds)


@pytest.fixture
def entry():
    """An entry of seven images of three kinds, one of them deeper than 8 bits."""
    images = [Image(key) for key in (b"", b"a", b"b\0c", b"caf\xe9", b"d", b"e" * 300, b"f")]
    stored = [stored_fingerprint(each.fingerprint(), (7,)) for each in images]
    return Entry(
        [each.key for each in images],
        stored,
        [1],
        [0, 3],
        [parts_of(images, 3)],
        looks(len(images)),
    )


@pytest.fixture(scope="session")
def plain():
    """Return all that is in an entry, as values that compare."""

    def values(entry):
        parts = [
            (
                part.kind,
                part.rows,
                *(
                    a.tolist()
                    for a in (part.table.n, part.table.sum_or_mean, part.table.sumsq_or_m2)
                ),
                None if part.table.ends is None else str(part.table.ends.tolist()),
                None if part.histogram is None else part.histogram.tolist(),
                part.per_image_histograms,
                None if part.excluded_count is None else part.excluded_count.tolist(),
            )
            for view in entry.views
            for part in view
        ]
        rest = [entry.appearances[row] for row in range(len(entry.keys))]
        return entry.keys, entry.fingerprints, entry.deep, entry.transparent, parts, rest

    return values
