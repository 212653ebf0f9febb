"""How a Parquet file is laid out: row groups from its footer, and the headers of its pages.

pyarrow allocates what a page's header declares, and a row may be a whole page: a kilobyte of
headers can become gigabytes. It ends the process on some damaged footers. So footer and headers are
read here first: structs in Thrift's compact protocol
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md), described by
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from io import BufferedReader
from typing import Any, NamedTuple, TypeAlias

from bnstat.sources.bounds import SeekableFile, UnreadableError, step

# A header may hold the smallest and the largest value of its page; pyarrow reads as much.
_MAX_HEADER = 16 << 20
# The fields of a struct by their numbers: integers, bytes, lists and structs.
Struct: TypeAlias = dict[int, Any]

_MAX_DEPTH = 16
_DAMAGED = "its description is damaged"
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_MANY = 15  # elements of a list, or more: then their number follows
_ROW_GROUPS = 4
_COLUMNS, _ROWS = 1, 3
_META_DATA = 3
_PATH, _COMPRESSED, _DATA_PAGE, _DICTIONARY_PAGE = 3, 7, 9, 11


class IncompleteError(Exception):
    """The bytes end before the struct does."""


class Compact:
    """Reads structs from bytes; `at` is how far.

    Booleans, single bytes and floating-point numbers are passed over: none is needed.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> Struct:
        fields: Struct = {}
        name = 0
        while (head := self._byte()) != 0:
            kind = head & 15
            name = name + (head >> 4) if head >> 4 else self._integer()
            value = None if kind in (_TRUE, _FALSE) else self._value(kind, depth + 1)
            if value is not None:
                fields[name] = value
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise UnreadableError(_DAMAGED)
        if kind in (_I16, _I32, _I64):
            return self._integer()
        if kind == _STRUCT:
            return self.struct(depth)
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in (_LIST, _SET):
            head = self._byte()
            number = head >> 4 if head >> 4 != _MANY else self._unsigned()
            return [self._value(head & 15, depth + 1) for _ in range(number)]
        if kind not in (_TRUE, _FALSE, _BYTE, _DOUBLE):  # no map is in what Parquet writes
            raise UnreadableError(_DAMAGED)
        self._bytes(8 if kind == _DOUBLE else 1)
        return None

    def _bytes(self, size: int) -> bytes:
        start = self.at
        self.at += size
        if self.at > len(self._data):
            raise IncompleteError
        return self._data[start : self.at]

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _unsigned(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise UnreadableError(_DAMAGED)
        return number | byte << shift

    def _integer(self) -> int:
        """Return a number whose lowest bit is its sign."""
        number = self._unsigned()
        return (number >> 1) ^ -(number & 1)


class RowGroup(NamedTuple):
    """A row group: its rows, and for each column by its path, where its pages begin and end."""

    rows: int
    columns: dict[str, tuple[int, int]]

    def ranges(self, column: str) -> list[tuple[int, int]]:
        """Return where a column's pages lie, one range for each of a struct's fields."""
        below = f"{column}."
        return [at for path, at in self.columns.items() if f"{path}.".startswith(below)]


def row_groups(file: BufferedReader) -> list[RowGroup]:
    """Return the row groups of a file that pyarrow has opened, and so has a whole footer."""
    file.seek(-8, os.SEEK_END)
    length = int.from_bytes(file.read(4), "little")
    file.seek(-8 - length, os.SEEK_END)
    try:
        described = Compact(file.read(length)).struct()
        return [_row_group(group) for group in described[_ROW_GROUPS]]
    except (IncompleteError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableError(_DAMAGED) from error


def _row_group(group: Struct) -> RowGroup:
    ranges = {}
    for column in (described[_META_DATA] for described in group[_COLUMNS]):
        start = int(column[_DATA_PAGE])
        if 0 < column.get(_DICTIONARY_PAGE, 0) < start:
            start = column[_DICTIONARY_PAGE]
        path = b".".join(column[_PATH]).decode()
        ranges[path] = start, start + int(column[_COMPRESSED])
    return RowGroup(int(group[_ROWS]), ranges)


class PageHeader(NamedTuple):
    """How long a header is, and how large its page is, in bytes."""

    length: int
    uncompressed: int
    compressed: int


def page_header(data: bytes) -> PageHeader | None:
    """Return the header that bytes begin with; None if they end before it does."""
    reader = Compact(data)
    try:
        fields = reader.struct()
    except IncompleteError:
        return None
    uncompressed, compressed = fields.get(2), fields.get(3)
    if not (isinstance(uncompressed, int) and isinstance(compressed, int)) or (
        min(uncompressed, compressed) < 0
    ):
        raise UnreadableError("a page has no size")
    return PageHeader(reader.at, uncompressed, compressed)


@dataclass
class _Chunk:
    """The pages of a column in a row group; next: where the next header begins; head: of it."""

    end: int
    next: int
    head: bytearray = field(default_factory=bytearray)

    @property
    def wanted(self) -> int:
        return self.next + len(self.head)


class WatchedFile(SeekableFile):
    """A Parquet file, of which pyarrow reads columns from beginning to end.

    `check` is called with each page's header before pyarrow has its page, and may raise.
    """

    def __init__(self, file: BufferedReader, check: Callable[[PageHeader], None]) -> None:
        self._file, self._check = file, check
        self._chunks: list[_Chunk] = []
        self.problem: UnreadableError | None = None

    @cached_property
    def row_groups(self) -> list[RowGroup]:
        return row_groups(self._file)

    def watch(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Watch the columns that lie in these ranges of the file, which are read now."""
        self._chunks = [_Chunk(end, start) for start, end in ranges]

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int = -1) -> bytes:
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
                chunk.next = step(chunk.next, header.length + header.compressed, "a page")
                chunk.head.clear()
            elif len(chunk.head) > _MAX_HEADER:
                raise UnreadableError("a page's header is too long")
