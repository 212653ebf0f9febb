"""Image keys, packed; and perceptual hashes by key."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, islice, pairwise
from operator import le
from typing import Any

import numpy as np

from bnstat.moments.table import Ints
from bnstat.text import key_text


class Keys(Sequence[bytes]):
    """Keys in the order in which they were added: 8 bytes each, beside their own.

    A list of bytes objects would take 50 bytes more for each. `ascending` tells whether each key
    comes behind the one before, or is the same.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])
        self._last = b""
        self.ascending = True

    def extend(self, keys: Sequence[bytes]) -> None:
        self.ascending = self.ascending and all(map(le, [self._last, *keys], keys))
        self._text += b"".join(keys)
        lengths = accumulate(map(len, keys), initial=self._ends[-1])
        self._ends.extend(islice(lengths, 1, None))
        self._last = keys[-1] if keys else self._last

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: Any) -> Any:
        if not 0 <= place < len(self):
            raise IndexError(place)
        return bytes(self._text[self._ends[place] : self._ends[place + 1]])

    def take(self, places: Iterable[int]) -> list[bytes]:
        with memoryview(self._text) as text:
            ends = self._ends
            return [bytes(text[ends[place] : ends[place + 1]]) for place in places]

    def texts(self, places: Ints) -> list[str]:
        first, behind = places[0], places[-1] + 1
        part = self._text[self._ends[first] : self._ends[behind]]
        # Keys one after another, of no URLs, are decoded together: several times as fast.
        beside = np.array_equal(places, np.arange(first, behind))
        if not (beside and part.isascii()) or b":/" in part:
            return list(map(key_text, self.take(places)))
        text, ends = part.decode(), np.subtract(self._ends[first : behind + 1], self._ends[first])
        return [text[start:end] for start, end in pairwise(ends.tolist())]

    def __iter__(self) -> Iterator[bytes]:
        with memoryview(self._text) as text:
            start = 0
            for end in islice(self._ends, 1, None):
                yield bytes(text[start:end])
                start = end


_words = partial(array, "Q")


@dataclass
class Hashes:
    """64 bits of each image that could be decoded, of its four corners, and of its mirror image.

    Mirror images have theirs where that is asked for. rows: of a chunk, those images' rows.
    """

    rows: list[int] = field(default_factory=list)
    plain: array[int] = field(default_factory=_words)
    corners: array[int] = field(default_factory=_words)
    mirrored: array[int] = field(default_factory=_words)


@dataclass
class HashesByKey:
    """The hashes of a run: 40 bytes an image, or 48, and its key."""

    keys: Keys = field(default_factory=Keys)
    plain: array[int] = field(default_factory=_words)
    corners: array[int] = field(default_factory=_words)
    mirrored: array[int] = field(default_factory=_words)

    def extend(self, keys: Sequence[bytes], hashes: Hashes) -> None:
        self.keys.extend([keys[row] for row in hashes.rows])
        for name in ("plain", "corners", "mirrored"):
            getattr(self, name).extend(getattr(hashes, name))
