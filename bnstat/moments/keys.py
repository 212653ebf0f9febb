"""Image keys, packed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from operator import le
from typing import Any


class Keys(Sequence[bytes]):
    """Keys in the order in which they were added: 8 bytes each, beside their own.

    A list of bytes objects would take 50 bytes more for each.

    Attributes
    ----------
    ascending
        Whether each key comes behind the one before, or is the same.
    """

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])
        self._last = b""
        self.ascending = True

    def extend(self, keys: Sequence[bytes]) -> None:
        """Add keys behind those that there are."""
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

    def __iter__(self) -> Iterator[bytes]:
        with memoryview(self._text) as text:
            start = 0
            for end in islice(self._ends, 1, None):
                yield bytes(text[start:end])
                start = end
