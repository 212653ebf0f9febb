"""Records to a sketch of their images: the hash of each, and the smallest of them.

An image is known by the name of its file and by its moments, so that it is the same in another
folder, an archive or a copy. The 40 upper bits of its hash are of the moments and decide the order,
the 24 lower ones of the name, which is hashed for the smallest alone.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from bnstat.moments import Records
from bnstat.result.sketch import SKETCH_SIZE, Sketch

_Words = NDArray[np.uint64]
_NAME_BITS = 24


def sketch(records: Records) -> Sketch:
    """Return the sketch of the images, by their moments in all draws and channels."""
    hashes = np.zeros(len(records), np.uint64)
    for channel in range(len(records.channels)):
        for values in records.column(channel):
            for draw in values.view(np.uint64).reshape(len(hashes), -1).T:
                hashes = _mixed(hashes ^ draw)
    hashes = hashes >> np.uint64(_NAME_BITS) << np.uint64(_NAME_BITS)
    reach = np.unique(hashes)[:SKETCH_SIZE][-1]
    keys = list(records.keys())
    smallest = np.flatnonzero(hashes <= reach)
    return Sketch.of(int(hashes[i]) | _name_bits(keys[i]) for i in smallest)


def _mixed(words: _Words) -> _Words:
    """Return words each bit of which depends on all (splitmix64, Steele et al., OOPSLA 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return words ^ words >> np.uint64(31)


def _name_bits(key: bytes) -> int:
    name = key.rsplit(b"/", 1)[-1]
    return int.from_bytes(blake2b(name, digest_size=_NAME_BITS // 8).digest())
