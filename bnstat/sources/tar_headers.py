"""Tar headers, one by one, of files that cannot seek too.

The formats are POSIX ustar and pax (IEEE Std 1003.1, `pax`, "EXTENDED DESCRIPTION") and GNU tar's
(https://www.gnu.org/software/tar/manual/html_node/Standard.html). tarfile keeps every header in
memory, takes a broken one for the end, stops at the first end mark, lets a header take any amount
of memory and time, and needs twice the time for a common one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO, NamedTuple

from bnstat.sources.bounds import UnreadableError, read_exactly, step

_BLOCK = 512
_ZEROS = bytes(_BLOCK)
# All that extended headers may say of one member: a long name, attributes, a map of holes.
_MAX_EXTENDED = 1 << 20
_OCTAL = re.compile(rb" *([0-7]*)[ \0]*(?:\0.*)?", re.DOTALL).fullmatch
_LENGTH = re.compile(rb"([0-9]{1,7}) ").match

_FILES = (b"0", b"\0", b"7", b"S")
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")
_PAX, _SHARED_PAX = (b"x", b"X"), b"g"
_LONG = {b"L": b"path", b"K": b"linkpath"}
_KNOWN = (b"path", b"linkpath", b"size", b"mtime", b"GNU.sparse.name")
_SPARSE = b"GNU.sparse."


class Header(NamedTuple):
    """A member of a tar: kind: its type flag; start: where its data begins; size: in bytes."""

    name: bytes
    kind: bytes
    start: int
    size: int
    mtime_ns: int
    link: bytes
    sparse: bool

    @property
    def is_file(self) -> bool:
        return self.kind in _FILES

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder; the first tar had no type for it."""
        return self.kind == b"5" or (self.kind == b"\0" and self.name.endswith(b"/"))

    @property
    def is_hard_link(self) -> bool:
        return self.kind == b"1"

    @property
    def is_symbolic_link(self) -> bool:
        return self.kind == b"2"

    @property
    def end(self) -> int:
        size = 0 if self.kind in _WITHOUT_DATA else self.size
        return step(self.start, -(-size // _BLOCK) * _BLOCK, "a member", least=0)


def headers(file: IO[bytes]) -> Iterator[Header]:
    """Yield the headers of a tar file, up to its end: archives may follow one another."""
    reader = _Reader(file)
    while (header := reader.next()) is not None:
        end = header.end  # before anybody believes its size: bounds, 2
        yield header
        file.seek(end)


class _Reader:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._shared: dict[bytes, bytes] = {}
        self._ended = False

    def next(self) -> Header | None:
        extended, said = 0, dict(self._shared)
        while (block := self._next_block(within=extended > 0)) is not None:
            header = self._parsed(block)
            if header.kind not in (*_PAX, _SHARED_PAX, *_LONG):
                self._ended = False
                return self._complete(header, block, said)
            extended += _BLOCK + header.size
            if extended > _MAX_EXTENDED:
                raise UnreadableError(f"a header has more than {_MAX_EXTENDED >> 20} MiB")
            data = self._read(header.size)
            if header.kind in _LONG:
                said[_LONG[header.kind]] = data.partition(b"\0")[0]
            else:
                found = _records(data)
                said |= found
                if header.kind == _SHARED_PAX:
                    self._shared |= found
        return None

    def _next_block(self, *, within: bool) -> bytes | None:
        """Return the block of the next header; None at the end of the file."""
        block = self._file.read(_BLOCK)
        while block == _ZEROS and not within:
            self._ended = True
            block = self._file.read(_BLOCK)
        if len(block) == _BLOCK:
            return block
        if self._ended and not block.strip(b"\0"):
            return None
        if block or within:
            raise UnreadableError("a header is cut off")
        if self._file.tell() == 0:
            raise UnreadableError("is empty")
        raise UnreadableError("it ends without its end mark, cut off perhaps")

    def _parsed(self, block: bytes) -> Header:
        try:
            return _parsed(block, self._file.tell())
        except UnreadableError as error:
            if not self._ended:
                raise
            raise UnreadableError(f"behind its end mark is something else: {error}") from error

    def _read(self, size: int) -> bytes:
        return read_exactly(self._file, -(-size // _BLOCK) * _BLOCK, "a header is cut off")[:size]

    def _complete(self, header: Header, block: bytes, said: Mapping[bytes, bytes]) -> Header:
        """Return a header with what those before it say of the same member."""
        start = header.start
        if header.kind == b"S":
            start += self._skip_map(block[482])
        if not said and start == header.start:
            return header
        return header._replace(
            name=said.get(b"GNU.sparse.name", said.get(b"path", header.name)),
            link=said.get(b"linkpath", header.link),
            start=start,
            size=_size(said[b"size"]) if b"size" in said else header.size,
            mtime_ns=_time(said[b"mtime"]) if b"mtime" in said else header.mtime_ns,
            sparse=header.sparse or _SPARSE in said,
        )

    def _skip_map(self, goes_on: int) -> int:
        """Read past a map of holes, of which the header holds the beginning; return its size."""
        size = 0
        while goes_on:
            size += _BLOCK
            if size > _MAX_EXTENDED:
                raise UnreadableError(f"a header has more than {_MAX_EXTENDED >> 20} MiB")
            goes_on = self._read(_BLOCK)[504]
        return size


def _parsed(block: bytes, start: int) -> Header:
    checksum = _number(block[148:156])
    if checksum != sum(block) - sum(block[148:156]) + 8 * ord(" ") and checksum != _signed(block):
        raise UnreadableError("a header has a wrong checksum")
    name, kind = _text(block[:100]), block[156:157]
    # GNU's headers have other fields where POSIX has the first part of a long name.
    if block[257:263] == b"ustar\0" and (folder := _text(block[345:500])):
        name = folder + b"/" + name
    size = _number(block[124:136])
    if size < 0:
        raise UnreadableError("a header gives a size below zero")
    mtime_ns = _number(block[136:148]) * 1_000_000_000
    return Header(name, kind, start, size, mtime_ns, _text(block[157:257]), kind == b"S")


def _signed(block: bytes) -> int:
    """Return the checksum as some old programs summed it, of signed bytes."""
    values = block[:148] + b" " * 8 + block[156:]
    return sum(values) - 256 * sum(value > 127 for value in values)


def _number(field: bytes) -> int:
    """Return a number: in octal digits, or binary with the first bit set, as GNU's are."""
    if octal := _OCTAL(field):
        return int(octal[1] or b"0", 8)
    if field[0] in (0x80, 0xFF):
        number = int.from_bytes(field[1:], "big")
        return number - (1 << 8 * len(field) - 8) if field[0] == 0xFF else number
    raise UnreadableError("a header has a number that is none")


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _records(data: bytes) -> dict[bytes, bytes]:
    """Return what the records of a pax header say, as far as it matters here."""
    found, at = {}, 0
    while at < len(data) and data[at] != 0:
        length = _LENGTH(data, at)
        end = at + int(length[1]) if length else at
        if not length or end > len(data) or data[end - 1 : end] != b"\n" or end <= length.end():
            raise UnreadableError("an extended header is damaged")
        name, equals, value = data[length.end() : end - 1].partition(b"=")
        if not equals:
            raise UnreadableError("an extended header is damaged")
        if name in _KNOWN:
            found[name] = value
        if name.startswith(_SPARSE):
            found[_SPARSE] = b""
        at = end
    return found


def _size(value: bytes) -> int:
    if not re.fullmatch(rb"[0-9]{1,18}", value):
        raise UnreadableError("an extended header has a size that is none")
    return int(value)


def _time(value: bytes) -> int:
    """Return nanoseconds; a damaged time is none."""
    try:
        return int(float(value) * 1_000_000_000)
    except (ValueError, OverflowError):
        return 0
