"""Zip archives: the directory is read here; each member is read by a worker.

zipfile reads all of the directory, and keeps an object for each entry: a kilobyte of memory for 46
bytes. The records are those of APPNOTE.TXT
(https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), sections 4.3.12 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import bz2
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, NamedTuple

from bnstat.sources import urls
from bnstat.sources.archive import ArchiveFile, Format, KeyOf, MemberTable, open_range, read_range
from bnstat.sources.bounds import (
    MAX_POSITION,
    Decompressor,
    Deflate,
    ReadLimits,
    UnreadableError,
    inflate,
    read_exactly,
    zip_lzma,
    zstd,
)
from bnstat.sources.naming import is_visible_image, member_key
from bnstat.sources.reference import Reference

# The local header: 30 bytes, then name and extra fields; the copy in the directory may differ.
_HEADER = struct.Struct("<4s22xHH")
# The local header's own extra fields may be longer than those in the directory.
_SPARE_BYTES = _HEADER.size + 8192
# A larger stored member is read while it is decoded.
_LARGE = 1 << 20
_DECOMPRESSORS: dict[int, Callable[[], Decompressor]] = {
    zipfile.ZIP_DEFLATED: Deflate,
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
    93: zstd,
}
_ENCRYPTED = 0x1
# Systems that archives say they were made on: FAT, NTFS, VFAT.
_WITHOUT_BACKSLASHES = (0, 10, 14)


@dataclass(frozen=True)
class Member:
    """A member: the position of its local header, and its compression.

    offset: of the local header; length: of its name and extra fields in the directory;
    compressed_size: in bytes; method: zipfile's number; crc: CRC-32; remote: the archive is at a
    URL.
    """

    offset: int
    length: int
    compressed_size: int
    method: int
    crc: int
    remote: bool

    @property
    def unpacked(self) -> bool:
        """Whether it is decompressed, or comes over a network."""
        return self.remote or self.method != zipfile.ZIP_STORED

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        """Return the member as a file; no more than its declared size is decompressed."""
        limits.check(self.compressed_size, unpacked=self.unpacked)
        if not 0 <= self.offset <= MAX_POSITION - _SPARE_BYTES - self.compressed_size:
            raise UnreadableError(_MISPLACED)
        if not self.unpacked and self.compressed_size != reference.size:
            raise UnreadableError(f"does not hold the {reference.size} bytes that {_DECLARED}")
        if not self.unpacked and reference.size > _LARGE:
            return self._stored(reference)
        raw = BytesIO(self._raw(reference.path, limits))
        _skip_header(raw)
        compressed = raw.read(self.compressed_size)
        if len(compressed) < self.compressed_size:
            raise UnreadableError(_CUT_OFF)
        # One byte more than declared shows a member that is larger.
        file = self._inflated(compressed, reference.size + 1)
        self._check(file, reference.size)
        return file

    def _raw(self, path: bytes, limits: ReadLimits) -> bytes:
        """Return the local header and the compressed bytes, and some of what follows."""
        size = _SPARE_BYTES + self.length + self.compressed_size
        if self.remote:
            return urls.read_range(path, limits, self.offset, self.offset + size)
        return read_range(path, self.offset, size)

    def _inflated(self, compressed: bytes, most: int) -> BytesIO:
        if self.method == zipfile.ZIP_STORED:
            return BytesIO(compressed[:most])
        if self.method == zipfile.ZIP_LZMA:
            return inflate(zip_lzma(compressed[:9], most), compressed[9:], most)
        if self.method not in _DECOMPRESSORS:
            raise UnreadableError(f"is compressed by method {self.method}, which is not read")
        return inflate(_DECOMPRESSORS[self.method](), compressed, most)

    def _check(self, file: BytesIO, size: int) -> None:
        with file.getbuffer() as data:
            if len(data) != size:
                least = "more" if len(data) > size else "fewer"
                raise UnreadableError(f"holds {least} than the {size} bytes that {_DECLARED}")
            if zlib.crc32(data) != self.crc:
                raise UnreadableError(f"does not have the checksum that {_DECLARED}")

    def _stored(self, reference: Reference) -> IO[bytes]:
        """Return a large stored member as a range of the archive, its checksum compared."""
        with open(reference.path, "rb") as archive:
            archive.seek(self.offset)
            _skip_header(archive)
            start = archive.tell()
        file = open_range(reference.path, start, reference.size)
        crc = 0
        while data := file.read(_LARGE):
            crc = zlib.crc32(data, crc)
        if file.tell() < reference.size:
            raise UnreadableError(_CUT_OFF)
        if crc != self.crc:
            raise UnreadableError(f"does not have the checksum that {_DECLARED}")
        file.seek(0)
        return file


_CUT_OFF = "is cut off: the archive ends before it does"
_DECLARED = "the archive declares"
_MISPLACED = "is not where the archive's directory says"


def _skip_header(file: IO[bytes]) -> None:
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(b"PK\3\4"):
        raise UnreadableError(_MISPLACED)
    _, name, extra = _HEADER.unpack(head)
    file.seek(name + extra, 1)


def _members(archive: ArchiveFile, key_of: KeyOf, limits: ReadLimits) -> Iterator[Reference]:
    members, broken = MemberTable(7), None
    try:
        with archive.open(limits) as file:
            for name, entry in _named(file):
                key = None if name.endswith(b"/") else key_of(name)
                if key is not None:
                    members.add(key, *_numbers(entry))
    except (UnreadableError, OSError) as error:  # what can be listed is measured
        broken = error
    for key, (problem, size, offset, length, compressed_size, method, crc) in members:
        member = Member(offset, length, compressed_size, method, crc, archive.remote)
        tag = b"%08x" % crc
        yield Reference(key, archive.path, size, 0, _PROBLEMS[problem], member, tag)
    if broken is not None:
        raise broken


def _named(file: IO[bytes]) -> Iterator[tuple[bytes, Entry]]:
    """Yield names and entries; backslashes are slashes where the archive's names mean them so.

    They do in what was made on FAT or NTFS, whose names have no backslashes, and where no name has
    a slash (APPNOTE 4.4.2 and 4.4.17 want slashes; some programs for Windows write none).
    """
    no_slashes: bool | None = None
    for entry in entries(file):
        name = entry.name
        if b"\\" in name:
            if no_slashes is None and entry.host not in _WITHOUT_BACKSLASHES:
                at = file.tell()
                no_slashes = not any(b"/" in other.name for other in entries(file))
                file.seek(at)
            if no_slashes or entry.host in _WITHOUT_BACKSLASHES:
                name = name.replace(b"\\", b"/")
        yield name, entry


def _numbers(entry: Entry) -> tuple[int, ...]:
    """Return what is kept of an entry; one that lies where no file is long enough is at -1."""
    offset = entry.offset if entry.offset <= MAX_POSITION else -1
    size, compressed = min(entry.size, MAX_POSITION), min(entry.compressed_size, MAX_POSITION)
    length = len(entry.name) + entry.extra_length
    return _problem(entry), size, offset, length, compressed, entry.method, entry.crc


_PROBLEMS = (
    None,
    "is encrypted",
    "is a symbolic link; zip without --symlinks stores what it leads to",
)


def _problem(entry: Entry) -> int:
    """Return why a member cannot be measured, by its place in _PROBLEMS."""
    if entry.flags & _ENCRYPTED:
        return 1
    return 2 if stat.S_ISLNK(entry.attributes >> 16) else 0


def _count(archive: ArchiveFile) -> int | None:
    if archive.remote:
        return None
    with open(archive.path, "rb") as file:
        names = (name for name, _ in _named(file))
        return sum(is_visible_image(member_key(name)) for name in names if name[-1:] != b"/")


ZIP = Format(_members, _count)


_END = struct.Struct("<4s8xLLH")  # size and offset of the directory, length of a comment
_LOCATOR = struct.Struct("<4s4xQ4x")  # offset of the record for large archives
_END_64 = struct.Struct("<4s36xQQ")  # size and offset of the directory
_ENTRY = struct.Struct("<4sxB2xHH4xLLLHHH4xLL")
_EXTRA = struct.Struct("<HH")
_LARGEST_COMMENT = (1 << 16) - 1
_SEE_EXTRA = 0xFFFFFFFF
_DIRECTORY_ENDS = "its directory is cut off"


class Entry(NamedTuple):
    """An entry: the numbers as in the archive.

    host: the system that it was made on; offset: where the member's local header is.
    """

    name: bytes
    host: int
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    attributes: int
    offset: int
    extra_length: int


def entries(file: IO[bytes]) -> Iterator[Entry]:
    """Yield the entries of a zip archive's directory in its order."""
    start, size, shift = _find(file)
    file.seek(start)
    left = size
    while left > 0:
        head = read_exactly(file, _ENTRY.size, _DIRECTORY_ENDS)
        signature, host, flags, method, crc, compressed, plain, *more = _ENTRY.unpack(head)
        name_length, extra_length, comment_length, attributes, offset = more
        if signature != b"PK\1\2":
            raise UnreadableError("its directory is damaged")
        rest = read_exactly(file, name_length + extra_length + comment_length, _DIRECTORY_ENDS)
        name, extra = rest[:name_length], rest[name_length : name_length + extra_length]
        left -= len(head) + len(rest)
        plain, compressed, offset = _large([plain, compressed, offset], extra)
        numbers = (host, flags, method, crc, compressed, plain, attributes)
        yield Entry(name, *numbers, offset + shift, extra_length)


def _find(file: IO[bytes]) -> tuple[int, int, int]:
    """Return start and size of the directory, and by how much all offsets are wrong.

    They are where something stands before the archive, such as the program that unpacks it.
    """
    whole = file.seek(0, os.SEEK_END)
    tail_start = max(0, whole - _END.size - _LARGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read(whole - tail_start)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise UnreadableError("is no zip archive, or cut off: there is no directory at its end")
    _, size, offset, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    large = _find_large(file, end)
    if large is not None:
        end, size, offset = large
    shift = end - size - offset
    if offset + shift < 0:
        raise UnreadableError("its directory is damaged")
    return offset + shift, size, shift


def _find_large(file: IO[bytes], end: int) -> tuple[int, int, int] | None:
    """Return position, directory size and offset of the record of a large archive, if any."""
    if end < _LOCATOR.size + _END_64.size:
        return None
    file.seek(end - _LOCATOR.size)
    signature, _ = _LOCATOR.unpack(read_exactly(file, _LOCATOR.size, _DIRECTORY_ENDS))
    if signature != b"PK\6\7":
        return None
    # As zipfile does: directly before its locator, as offsets may be wrong.
    at = end - _LOCATOR.size - _END_64.size
    file.seek(at)
    signature, size, offset = _END_64.unpack(read_exactly(file, _END_64.size, _DIRECTORY_ENDS))
    return (at, size, offset) if signature == b"PK\6\6" else None


def _large(numbers: list[int], extra: bytes) -> list[int]:
    """Return the numbers of an entry; those that are too large stand in an extra field."""
    if _SEE_EXTRA not in numbers:
        return numbers
    fields = list(_sizes_64(extra))
    try:
        return [fields.pop(0) if number == _SEE_EXTRA else number for number in numbers]
    except IndexError as error:
        raise UnreadableError("its directory is damaged") from error


def _sizes_64(extra: bytes) -> Iterator[int]:
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == 1:
            field = extra[at : at + length]
            yield from struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8])
        at += length
