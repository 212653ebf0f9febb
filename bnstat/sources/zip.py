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
from bnstat.sources.archive import CUT_OFF, ArchiveFile, Format, KeyOf, MemberTable
from bnstat.sources.bounds import (
    LARGE,
    MAX_POSITION,
    ReadLimits,
    UnreadableError,
    open_range,
    read_exactly,
    read_range,
)
from bnstat.sources.decompress import Decompressor, Deflate, inflate, zip_lzma, zstd
from bnstat.sources.naming import is_visible_image, member_key
from bnstat.sources.reference import Reference

_END = struct.Struct("<4s8xLLH")  # size and offset of the directory, length of a comment
_LOCATOR = struct.Struct("<4s4xQ4x")  # offset of the record for large archives
_END_64 = struct.Struct("<4s36xQQ")  # size and offset of the directory
_ENTRY = struct.Struct("<4sxB2xHH4xLLLHHH4xLL")
_EXTRA = struct.Struct("<HH")
_MAX_COMMENT = (1 << 16) - 1
_SEE_EXTRA = 0xFFFFFFFF
# The local header: 30 bytes, then name and extra fields; these may be longer than the copy of them
# in the directory.
_HEADER = struct.Struct("<4s22xHH")
_SPARE_BYTES = _HEADER.size + 8192
_ENCRYPTED = 0x1
# Systems that archives say they were made on: FAT, NTFS, VFAT.
_WITHOUT_BACKSLASHES = (0, 10, 14)
# Besides LZMA, which has a head.
_DECOMPRESSORS: dict[int, Callable[[], Decompressor]] = {
    zipfile.ZIP_DEFLATED: Deflate,
    zipfile.ZIP_BZIP2: bz2.BZ2Decompressor,
    93: zstd,
}
_MISPLACED = "is not where the archive's directory says"
_DIRECTORY_CUT_OFF, _DIRECTORY_DAMAGED = "its directory is cut off", "its directory is damaged"
_PROBLEMS = (
    None,
    "is encrypted",
    "is a symbolic link; zip without --symlinks stores what it leads to",
)


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
        return self.remote or self.method != zipfile.ZIP_STORED

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        """Return the member as a file; no more than its declared size is decompressed."""
        size = reference.size
        limits.check(self.compressed_size, unpacked=self.unpacked)
        if not 0 <= self.offset <= MAX_POSITION - _SPARE_BYTES - self.compressed_size:
            raise UnreadableError(_MISPLACED)
        if not self.unpacked and self.compressed_size != size:
            raise UnreadableError(f"does not hold the {size} bytes that the archive declares")
        if not self.unpacked and size > LARGE:
            return self._stored(reference)
        # One byte more than declared shows a member that is larger (bounds, 6).
        file = self._inflated(self._compressed(reference.path, limits), size + 1)
        with file.getbuffer() as data:
            if len(data) != size:
                least = "more" if len(data) > size else "fewer"
                raise UnreadableError(
                    f"holds {least} than the {size} bytes that the archive declares"
                )
            self._check(zlib.crc32(data))
        return file

    def _inflated(self, data: bytes, most: int) -> BytesIO:
        if self.method == zipfile.ZIP_STORED:
            return BytesIO(data[:most])
        if self.method == zipfile.ZIP_LZMA:
            return inflate(zip_lzma(data[:9], most), data[9:], most)
        if self.method not in _DECOMPRESSORS:
            raise UnreadableError(f"is compressed by method {self.method}, which is not read")
        return inflate(_DECOMPRESSORS[self.method](), data, most)

    def _compressed(self, path: bytes, limits: ReadLimits) -> bytes:
        """Return the compressed bytes, for which some of what follows may be read too."""
        size = _SPARE_BYTES + self.length + self.compressed_size
        if self.remote:
            raw = BytesIO(urls.read_range(path, limits, self.offset, self.offset + size))
        else:
            raw = BytesIO(read_range(path, self.offset, size))
        _skip_header(raw)
        return read_exactly(raw, self.compressed_size, CUT_OFF)

    def _stored(self, reference: Reference) -> IO[bytes]:
        """Return a large stored member as a range of the archive, its checksum compared."""
        with open(reference.path, "rb") as archive:
            archive.seek(self.offset)
            _skip_header(archive)
            start = archive.tell()
        file = open_range(reference.path, start, reference.size)
        crc = 0
        while data := file.read(LARGE):
            crc = zlib.crc32(data, crc)
        if file.tell() < reference.size:
            raise UnreadableError(CUT_OFF)
        self._check(crc)
        file.seek(0)
        return file

    def _check(self, crc: int) -> None:
        if crc != self.crc:
            raise UnreadableError("does not have the checksum that the archive declares")


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
    except (UnreadableError, OSError) as error:  # what was listed counts: bounds, 5
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
    """Return what is kept of an entry; one that lies where no file is long enough is at -1.

    The first is why it cannot be measured, by its place in _PROBLEMS.
    """
    problem = 1 if entry.flags & _ENCRYPTED else 2 * stat.S_ISLNK(entry.attributes >> 16)
    offset = entry.offset if entry.offset <= MAX_POSITION else -1
    size, compressed = min(entry.size, MAX_POSITION), min(entry.compressed_size, MAX_POSITION)
    length = len(entry.name) + entry.extra_length
    return problem, size, offset, length, compressed, entry.method, entry.crc


def _count(archive: ArchiveFile) -> int | None:
    if archive.remote:
        return None
    with open(archive.path, "rb") as file:
        names = (name for name, _ in _named(file))
        return sum(is_visible_image(member_key(name)) for name in names if name[-1:] != b"/")


class Entry(NamedTuple):
    """An entry of the directory; host: the system it was made on; offset: of its local header."""

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
    start, left, shift = _find(file)
    file.seek(start)
    while left > 0:
        head = read_exactly(file, _ENTRY.size, _DIRECTORY_CUT_OFF)
        signature, host, flags, method, crc, compressed, plain, *more = _ENTRY.unpack(head)
        name_length, extra_length, comment_length, attributes, offset = more
        if signature != b"PK\1\2":
            raise UnreadableError(_DIRECTORY_DAMAGED)
        size = name_length + extra_length + comment_length
        rest = read_exactly(file, size, _DIRECTORY_CUT_OFF)
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
    tail_start = max(0, whole - _END.size - _MAX_COMMENT)
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
        raise UnreadableError(_DIRECTORY_DAMAGED)
    return offset + shift, size, shift


def _find_large(file: IO[bytes], end: int) -> tuple[int, int, int] | None:
    """Return position, directory size and offset of the record of a large archive, if any.

    As zipfile does, it is looked for directly before its locator, as offsets may be wrong.
    """
    start = end - _LOCATOR.size - _END_64.size
    if start < 0:
        return None
    file.seek(start)
    signature, size, offset = _END_64.unpack(read_exactly(file, _END_64.size, _DIRECTORY_CUT_OFF))
    locator, _ = _LOCATOR.unpack(read_exactly(file, _LOCATOR.size, _DIRECTORY_CUT_OFF))
    return (start, size, offset) if (signature, locator) == (b"PK\6\6", b"PK\6\7") else None


def _large(numbers: list[int], extra: bytes) -> list[int]:
    """Return the numbers of an entry; those that are too large stand in an extra field."""
    if _SEE_EXTRA not in numbers:
        return numbers
    fields = _sizes_64(extra)
    try:
        return [next(fields) if number == _SEE_EXTRA else number for number in numbers]
    except StopIteration as error:
        raise UnreadableError(_DIRECTORY_DAMAGED) from error


def _sizes_64(extra: bytes) -> Iterator[int]:
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == 1:
            field = extra[at : at + length]
            yield from struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8])
        at += length


ZIP = Format(_members, _count)
