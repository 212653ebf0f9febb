"""The headers of Parquet's pages, read before pyarrow decompresses what follows them.

pyarrow allocates what a header declares, and a row may be a whole page: a kilobyte of headers can
become gigabytes. A header is a Thrift struct: PageHeader in
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from io import BufferedReader
from typing import NamedTuple

from bnstat.sources.limits import UnreadableError
from bnstat.sources.parquet_footer import RowGroup, row_groups
from bnstat.sources.thrift import Compact, IncompleteError

# A header may hold the smallest and the largest value of its page; pyarrow reads as much.
_MOST_HEADER = 16 << 20


class PageHeader(NamedTuple):
    """How long a header is, and how large its page is, in bytes."""

    length: int
    uncompressed: int
    compressed: int


def page_header(data: bytes) -> PageHeader | None:
    """Return the header that bytes begin with; None if they end before it does.

    Raises
    ------
    UnreadableError
        If they are no header.
    """
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

    @cached_property
    def row_groups(self) -> list[RowGroup]:
        """The row groups of the file, which pyarrow has opened."""
        return row_groups(self._file)

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
