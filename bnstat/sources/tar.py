"""Tar archives.

Of an uncompressed archive on a disk only the headers are read here; workers read the members. One
that is compressed, or at a URL, can only be read from beginning to end: it is read here, and the
references hold the encoded bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache, partial
from io import BufferedReader
from typing import IO, ClassVar, TypeAlias, cast

from bnstat.sources.archive import (
    CUT_OFF,
    ArchiveFile,
    Format,
    KeyOf,
    MemberTable,
)
from bnstat.sources.bounds import MAX_POSITION, ReadLimits, UnreadableError, open_range
from bnstat.sources.decompress import decompressed
from bnstat.sources.naming import is_visible_image, member_key
from bnstat.sources.reference import EncodedBytes, Reference
from bnstat.sources.tar_headers import Header, headers
from bnstat.text import key_text

# Start and size of files by name.
StoredFiles: TypeAlias = Mapping[bytes, tuple[int, int]]


@dataclass(frozen=True)
class FileRange:
    """The bytes of a file from `start` on, as many as the size of the reference."""

    start: int
    unpacked: ClassVar[bool] = False

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        return open_range(reference.path, self.start, reference.size)


class _Forward:
    """A file that is only read forward, with the `seek` that headers need."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int) -> None:
        while self._at < offset and self.read(min(offset - self._at, 1 << 20)):
            pass

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._at += len(data)
        return data


def _members(archive: ArchiveFile, key_of: KeyOf, limits: ReadLimits) -> Iterator[Reference]:
    with ExitStack() as stack:
        file = stack.enter_context(archive.open(limits))
        unpacked = decompressed(file)
        if unpacked is not None:
            yield from _streamed_members(archive, stack.enter_context(unpacked), key_of, limits)
        elif archive.remote:
            yield from _streamed_members(archive, file, key_of, limits)
        else:
            yield from _listed_members(archive, file, key_of)


def _listed_members(
    archive: ArchiveFile, file: BufferedReader, key_of: KeyOf
) -> Iterator[Reference]:
    """Yield the position of each image; that of a hard link is its target's."""
    members, problems, broken = MemberTable(4), dict[str | None, int](), None
    stored_files, end = cache(partial(_stored_files, archive.path)), os.fstat(file.fileno()).st_size
    try:
        for key, header in _images(file, key_of):
            start, size, problem = _position(header, stored_files, end)
            time = header.mtime_ns if abs(header.mtime_ns) <= MAX_POSITION else 0
            members.add(key, start, size, time, problems.setdefault(problem, len(problems)))
    except (UnreadableError, OSError) as error:  # what was listed counts: bounds, 5
        broken = error
    texts = list(problems)
    for key, (start, size, time, problem_at) in members:
        yield Reference(key, archive.path, size, time, texts[problem_at], FileRange(start))
    if broken is not None:
        raise broken


def _position(
    header: Header, stored_files: Callable[[], StoredFiles], end: int
) -> tuple[int, int, str | None]:
    """Return start and size of an image, and why it cannot be measured, or None."""
    start, size = header.start, header.size
    if header.kind == b"0" and not header.sparse and start + size <= end:
        return start, size, None
    problem = _problem(header)
    if header.is_hard_link:
        start, size = stored_files().get(member_key(header.link), (0, -1))
        problem = None if size >= 0 else _link_problem(header, "is not in the archive")
    if problem is None and start + size > end:
        problem = CUT_OFF
    return start, max(size, 0), problem


def _images(file: IO[bytes], key_of: KeyOf) -> Iterator[tuple[bytes, Header]]:
    for header in headers(file):
        key = None if header.is_folder else key_of(header.name)
        if key is not None:
            yield key, header


def _streamed_members(
    archive: ArchiveFile, file: IO[bytes], key_of: KeyOf, limits: ReadLimits
) -> Iterator[Reference]:
    stream = cast(IO[bytes], file if file.seekable() else _Forward(file))
    for key, header in _images(stream, key_of):
        problem, data = _problem_in_stream(header, limits), b""
        if problem is None:
            data = stream.read(header.size)
            problem = CUT_OFF if len(data) < header.size else None
        content = EncodedBytes(data)
        yield Reference(key, archive.path, header.size, header.mtime_ns, problem, content)


def _problem_in_stream(header: Header, limits: ReadLimits) -> str | None:
    if header.is_hard_link:
        return _link_problem(header, "can only be followed in a plain .tar on a disk")
    try:
        limits.check(header.size, unpacked=True)
    except UnreadableError as error:
        return str(error)
    return _problem(header)


def _problem(header: Header) -> str | None:
    if header.is_symbolic_link:
        return "is a symbolic link; tar --dereference stores what it leads to"
    if header.sparse:
        return "is stored with holes (tar --sparse), which are not read"
    return None if header.is_file or header.is_hard_link else "is not a regular file"


def _link_problem(header: Header, reason: str) -> str:
    return f"is a link to {key_text(header.link)}, which {reason}"


def _stored_files(path: bytes) -> StoredFiles:
    """Return start and size of each file that a plain archive stores, by name: of the last."""
    found = {}
    with suppress(UnreadableError), open(path, "rb") as file:
        for header in headers(file):
            if header.is_file and not header.sparse:
                found[member_key(header.name)] = header.start, header.size
    return found


def _count(archive: ArchiveFile) -> int | None:
    if archive.remote:
        return None
    with open(archive.path, "rb") as file:
        if decompressed(file) is not None:
            return None
        names = (header.name for header in headers(file) if not header.is_folder)
        return sum(is_visible_image(member_key(name)) for name in names)


TAR = Format(_members, _count)
