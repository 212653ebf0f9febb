"""Texts on many images, such as why each failed: millions of them in little memory."""

from __future__ import annotations

import gzip
import heapq
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from bnstat.result import Failure
from bnstat.text import key_text

Text: TypeAlias = tuple[bytes, str]
_BLOCK = 20_000


class TextsByKey:
    """A text for each of some images, such as why it failed: of the first by key, or of all.

    `most` is how many are kept, None is all; the length is the number of all. An input of millions
    of images, all broken, has to fit: where all are kept, they are sorted and compressed in blocks,
    which takes some 10 bytes of each, and blocks are merged while they are read.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self._number = 0
        self._last: list[Text] = []  # behind the blocks
        self._blocks: list[bytes] = []

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[Text]:
        """Yield keys and texts in the order of the keys, as many as are kept."""
        merged = heapq.merge(*map(_unpacked, self._blocks), sorted(self._last))
        return islice(merged, self.most)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TextsByKey):
            return NotImplemented
        return (len(self), list(self)) == (len(other), list(other))

    __hash__ = None  # type: ignore[assignment]

    def add(self, texts: Iterable[Text]) -> None:
        for text in texts:
            self._number += 1
            self._last.append(text)
            if len(self._last) > max(_BLOCK, 2 * (self.most or 0)):
                self._make_room()

    def _make_room(self) -> None:
        self._last.sort()
        if self.most is not None:
            del self._last[self.most :]
        else:
            self._blocks.append(_packed(self._last))
            self._last = []

    @classmethod
    def merged(cls, parts: Sequence[TextsByKey]) -> TextsByKey:
        whole = cls(parts[0].most)
        for part in parts:
            whole.add(part)
        whole._number = sum(map(len, parts))
        return whole


class Failures(Sequence[Failure]):
    """Images that failed, and why, in the order of their keys: each is made when it is read."""

    def __init__(self, reasons: TextsByKey) -> None:
        self._reasons = reasons
        most = reasons.most
        self._number = len(reasons) if most is None else min(len(reasons), most)

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[Failure]:
        return (Failure(key_text(key), reason) for key, reason in self._reasons)

    def __getitem__(self, place: Any) -> Any:
        """Return a failure or a tuple of some, which reads those before."""
        places = range(self._number)[place]
        if isinstance(places, int):
            return next(islice(self, places, None))
        ascending = places if places.step > 0 else places[::-1]
        found = tuple(islice(self, ascending.start, ascending.stop, ascending.step))
        return found if ascending is places else found[::-1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))


def _packed(texts: Iterable[Text]) -> bytes:
    """Return keys and texts in their order as compressed lines of JSON."""
    file = io.BytesIO()
    with gzip.open(file, "wt", compresslevel=1, encoding="ascii") as lines:
        for key, text in texts:
            lines.write(json.dumps((key.decode(errors="surrogateescape"), text)) + "\n")
    return file.getvalue()


def _unpacked(block: bytes) -> Iterator[Text]:
    with gzip.open(io.BytesIO(block), "rt", encoding="ascii") as lines:
        for line in lines:
            key, text = json.loads(line)
            yield key.encode(errors="surrogateescape"), text
