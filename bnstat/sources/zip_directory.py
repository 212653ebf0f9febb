"""The directory of a zip archive, entry by entry.

zipfile reads all of it, and keeps an object for each entry: a kilobyte of memory for 46 bytes. The
records are those of APPNOTE.TXT (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT),
sections 4.3.12 to 4.3.16 and 4.5.3.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from bnstat.sources.lengths import read_exactly
from bnstat.sources.limits import UnreadableError

_END = struct.Struct("<4s8xLLH")  # size and offset of the directory, length of a comment
_LOCATOR = struct.Struct("<4s4xQ4x")  # offset of the record for large archives
_END_64 = struct.Struct("<4s36xQQ")  # size and offset of the directory
_ENTRY = struct.Struct("<4sxB2xHH4xLLLHHH4xLL")
_EXTRA = struct.Struct("<HH")
_LARGEST_COMMENT = (1 << 16) - 1
_SEE_EXTRA = 0xFFFFFFFF
_CUT_OFF = "its directory is cut off"


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
        head = read_exactly(file, _ENTRY.size, _CUT_OFF)
        signature, host, flags, method, crc, compressed, plain, *more = _ENTRY.unpack(head)
        name_length, extra_length, comment_length, attributes, offset = more
        if signature != b"PK\1\2":
            raise UnreadableError("its directory is damaged")
        rest = read_exactly(file, name_length + extra_length + comment_length, _CUT_OFF)
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
    signature, _ = _LOCATOR.unpack(read_exactly(file, _LOCATOR.size, _CUT_OFF))
    if signature != b"PK\6\7":
        return None
    # As zipfile does: directly before its locator, as offsets may be wrong.
    at = end - _LOCATOR.size - _END_64.size
    file.seek(at)
    signature, size, offset = _END_64.unpack(read_exactly(file, _END_64.size, _CUT_OFF))
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
