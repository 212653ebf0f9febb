"""The headers of Parquet's pages, read before pyarrow decompresses what follows them.

pyarrow allocates what a header declares, and a row may be a whole page: a kilobyte of headers can
become gigabytes. A header is a Thrift struct in the compact protocol
(https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift, PageHeader;
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BufferedReader
from typing import NamedTuple

from bnstat.images.limits import UnreadableError

# A header may hold the smallest and the largest value of its page; pyarrow reads as much.
_MOST_HEADER = 16 << 20
_DEPTH = 8
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


class PageHeader(NamedTuple):
    """How long a header is, and how large its page is, in bytes."""

    length: int
    uncompressed: int
    compressed: int


class _IncompleteError(Exception):
    """More of a header is needed."""


def page_header(data: bytes) -> PageHeader | None:
    """Return the header that bytes begin with; None if they end before it does.

    Raises
    ------
    UnreadableError
        If they are no header.
    """
    reader = _Compact(data)
    try:
        numbers = reader.struct()
    except _IncompleteError:
        return None
    uncompressed, compressed = numbers.get(2, -1), numbers.get(3, -1)
    if uncompressed < 0 or compressed < 0:
        raise UnreadableError("a page has no size")
    return PageHeader(reader.at, uncompressed, compressed)


class _Compact:
    """A reader of Thrift's compact protocol, which keeps the numbers of the outermost struct."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, int]:
        numbers: dict[int, int] = {}
        name = 0
        while (head := self._byte()) != 0:
            kind = head & 15
            name = name + (head >> 4) if head >> 4 else self._integer()
            number = self._value(kind, depth)
            if number is not None:
                numbers[name] = number
        return numbers

    def _value(self, kind: int, depth: int) -> int | None:
        if depth > _DEPTH:
            raise UnreadableError("a page's header is damaged")
        if kind in (_I16, _I32, _I64):
            return self._integer()
        if kind == _STRUCT:
            self.struct(depth + 1)
        elif kind == _BINARY:
            self._skip(self._unsigned())
        elif kind in (_BYTE, _DOUBLE):
            self._skip(8 if kind == _DOUBLE else 1)
        elif kind not in (_TRUE, _FALSE):  # lists, sets and maps are in no page's header
            raise UnreadableError("a page's header is damaged")
        return None

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self._data):
            raise _IncompleteError

    def _byte(self) -> int:
        self._skip(1)
        return self._data[self.at - 1]

    def _unsigned(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise UnreadableError("a page's header is damaged")
        return number | byte << shift

    def _integer(self) -> int:
        """Return a number whose lowest bit is its sign."""
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)


@dataclass
class _Chunk:
    """The pages of a column in a row group; next: where the next header begins; head: of it."""

    end: int
    next: int
    head: bytearray = field(default_factory=bytearray)

    @property
    def wanted(self) -> int:
        """Where the next bytes of a header are."""
        return self.next + len(self.head)


class WatchedFile(io.RawIOBase):
    """A Parquet file, of which pyarrow reads columns from beginning to end.

    `check` is called with each page's header before pyarrow has its page, and may raise.
    """

    def __init__(
        self,
        file: BufferedReader,
        check: Callable[[PageHeader], None],
    ) -> None:
        self._file, self._check = file, check
        self._chunks: list[_Chunk] = []
        self.problem: UnreadableError | None = None

    def watch(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Watch the columns that lie in these ranges of the file, which are read now."""
        self._chunks = [_Chunk(end, start) for start, end in ranges]

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
        """Read bytes, and look at the headers in them."""
        at = self._file.tell()
        data = self._file.read(size)
        try:
            for chunk in self._chunks:
                self._look(chunk, at, data)
        except UnreadableError as error:
            self.problem = error
            raise
        return data

    def _look(self, chunk: _Chunk, at: int, data: bytes) -> None:
        """Check the headers that begin or go on in bytes of the file from `at` on."""
        if at + len(data) <= chunk.wanted or at >= chunk.end:
            return
        if at > chunk.wanted:
            raise UnreadableError("its pages are not read in their order")
        while chunk.wanted < min(chunk.end, at + len(data)):
            start = chunk.wanted - at
            chunk.head += data[start : start + max(1 << 10, len(chunk.head))]
            header = page_header(bytes(chunk.head))
            if header is not None:
                self._check(header)
                chunk.next += header.length + header.compressed
                chunk.head.clear()
            elif len(chunk.head) > _MOST_HEADER:
                raise UnreadableError("a page's header is too long")
