"""Tar archives.

Of an uncompressed archive on a disk only the headers are read here; workers read the members. One
that is compressed, or at a URL, can only be read from beginning to end: it is read here, and the
references hold the encoded bytes.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, cast

from bnstat.images.archive import Format, Place, read_range
from bnstat.images.header import Header
from bnstat.images.naming import is_visible_image, member_key
from bnstat.images.reference import EncodedBytes, Reference, UnreadableError

# The first bytes of a compressed file, and the module that reads it.
_COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "lzma",
    b"\x28\xb5\x2f\xfd": "compression.zstd",
}
# The largest member of a stream that is held in memory.
_MOST_STREAMED = 256 << 20
# A larger member is read while it is decoded.
_LARGE = 1 << 20


@dataclass(frozen=True)
class FileRange:
    """The bytes of a file from `start` on, as many as the size of the reference."""

    start: int

    def open(self, reference: Reference) -> IO[bytes]:
        """Return them as a file."""
        if reference.size > _LARGE:
            return BufferedReader(_RangeFile(reference.path, self.start, reference.size))
        return BytesIO(read_range(reference.path, self.start, reference.size))


class _RangeFile(RawIOBase):
    """A range of a file, as a file."""

    def __init__(self, path: bytes, start: int, size: int) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed with this)
        self._start, self._size, self._at = start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._start + self._at)
        left = max(0, self._size - self._at)
        read = self._file.readinto(memoryview(buffer)[:left]) or 0
        self._at += read
        return read

    def close(self) -> None:
        self._file.close()
        super().close()


class _ForwardOnly(RawIOBase):
    """A file that cannot seek, with a `seek` that reads forward."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._at = 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        while self._at < offset and self.read(min(offset - self._at, 1 << 20)):
            pass
        return self._at

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._at += len(data)
        return data


def _members(place: Place, key_of: Callable[[bytes], bytes | None]) -> Iterator[Reference]:
    with ExitStack() as stack:
        file = stack.enter_context(place.open())
        compressed = _decompressed(file)
        if compressed is not None:
            yield from _streamed_members(place, stack.enter_context(compressed), key_of)
        elif place.remote:
            seekable = file if file.seekable() else cast(IO[bytes], _ForwardOnly(file))
            yield from _streamed_members(place, seekable, key_of)
        else:
            yield from _seekable_members(place, file, key_of)


def _decompressed(file: IO[bytes]) -> IO[bytes] | None:
    """Return a file that decompresses another; None if that is not compressed."""
    if not file.seekable():
        return None
    head = file.read(6)
    file.seek(0)
    for magic, module in _COMPRESSIONS.items():
        if head.startswith(magic):
            try:
                return cast(IO[bytes], import_module(module).open(file))
            except ImportError as error:
                raise UnreadableError(f"this Python has no {module} to unpack it with") from error
    return None


def headers(file: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """Yield the headers of a tar file up to its end mark.

    tarfile's own iteration keeps all headers, and takes a broken one for the end.

    Raises
    ------
    tarfile.TarError
        If a header is broken, or the file ends without its end mark.
    """
    with tarfile.TarFile(fileobj=file, tarinfo=Header, errors="surrogateescape") as tar:
        header = tar.firstmember  # type: ignore[attr-defined]
        while header is not None:
            yield header
            if tar.offset <= header.offset:
                raise tarfile.ReadError("a header gives a size below zero")
            file.seek(tar.offset)
            try:
                header = Header.fromtarfile(tar)
            except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
                return
            except tarfile.EmptyHeaderError as error:  # type: ignore[attr-defined]
                raise tarfile.ReadError("it ends without its end mark, cut off perhaps") from error


def _seekable_members(
    place: Place, file: IO[bytes], key_of: Callable[[bytes], bytes | None]
) -> Iterator[Reference]:
    """Yield the position of each image; that of a hard link is its target's."""
    end = os.fstat(file.fileno()).st_size
    stored: dict[bytes, tuple[int, int]] | None = None
    for header in headers(file):
        key = None if header.isdir() else key_of(os.fsencode(header.name))
        if key is None:
            continue
        start, size, problem = header.offset_data, header.size, _problem(header)
        if header.islnk():
            stored = _stored_files(place) if stored is None else stored
            start, size = stored.get(member_key(os.fsencode(header.linkname)), (0, -1))
            problem = None if size >= 0 else _LINK.format(header.linkname, "is not in the archive")
        if problem is None and start + size > end:
            problem = "is cut off: the archive ends before it does"
        yield _reference(place, key, header, max(size, 0), problem, FileRange(start))


def _streamed_members(
    place: Place, file: IO[bytes], key_of: Callable[[bytes], bytes | None]
) -> Iterator[Reference]:
    """Yield each image with its encoded bytes."""
    for header in headers(file):
        key = None if header.isdir() else key_of(os.fsencode(header.name))
        if key is None:
            continue
        problem, data = _problem(header), b""
        if header.islnk():
            problem = _LINK.format(
                header.linkname, "can only be followed in a plain .tar on a disk"
            )
        elif header.size > _MOST_STREAMED:
            problem = f"has {header.size} bytes, too many for a stream; put it into a plain .tar"
        if problem is None:
            data = file.read(header.size)
            if len(data) < header.size:
                problem = "is cut off: the archive ends before it does"
        yield _reference(place, key, header, header.size, problem, EncodedBytes(data))
    while file.read(1 << 20):  # the decompressor compares its checksum at the end
        pass


_LINK = "is a link to {}, which {}"


def _problem(header: tarfile.TarInfo) -> str | None:
    """Return why a member cannot be measured; None if it can."""
    if header.issym():
        return "is a symbolic link; tar --dereference stores what it leads to"
    if header.issparse():
        return "is stored with holes (tar --sparse), which are not read"
    return None if header.isreg() or header.islnk() else "is not a regular file"


def _reference(
    place: Place,
    key: bytes,
    header: tarfile.TarInfo,
    size: int,
    problem: str | None,
    content: FileRange | EncodedBytes,
) -> Reference:
    changed = int(header.mtime * 1_000_000_000)
    return Reference(key, place.path, size, changed, problem, content)


def _stored_files(place: Place) -> dict[bytes, tuple[int, int]]:
    """Return start and size of each file that a plain archive stores, by name."""
    found: dict[bytes, tuple[int, int]] = {}
    try:
        with place.open() as file:
            for header in headers(file):
                if header.isreg() and not header.issparse():
                    name = member_key(os.fsencode(header.name))
                    found.setdefault(name, (header.offset_data, header.size))
    except tarfile.TarError:  # links lead backward, and what is broken comes later
        pass
    return found


def _count(place: Place) -> int | None:
    if place.remote:
        return None
    with place.open() as file:
        if _decompressed(file) is not None:
            return None
        names = (os.fsencode(header.name) for header in headers(file) if not header.isdir())
        return sum(is_visible_image(member_key(name)) for name in names)


TAR = Format(_members, _count)
