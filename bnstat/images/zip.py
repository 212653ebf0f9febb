"""Zip archives: the directory is read here; each member is read by a worker."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from typing import IO, cast

from bnstat.images import urls
from bnstat.images.archive import Format, Place, read_range
from bnstat.images.naming import is_visible_image, member_key
from bnstat.images.reference import Reference, UnreadableError

# The local header: 30 bytes, then name and extra fields; the copy in the directory may differ.
_HEADER = struct.Struct("<4s22xHH")
_SPARE = 8192
# A larger member is inflated while it is decoded, and no further once its header is refused.
_LARGE = 16 << 20
_UTF_8, _ENCRYPTED = 0x800, 0x1


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

    def open(self, reference: Reference) -> IO[bytes]:
        """Return the inflated member as a file; no more than its declared size is inflated."""
        if reference.size > _LARGE and not self.remote:
            return self._open_streaming(reference)
        raw = BytesIO(self._raw(reference.path))
        _skip_header(raw)
        packed = raw.read(self.compressed_size)
        if len(packed) < self.compressed_size:
            raise UnreadableError("is cut off: the archive ends before it does")
        # One byte more than declared shows a member that is larger.
        data = self._inflated(packed, reference.size + 1)
        self._check(data, reference.size)
        return BytesIO(data)

    def _raw(self, path: bytes) -> bytes:
        """Return the local header and the compressed bytes, and some of what follows."""
        size = _HEADER.size + self.length + _SPARE + self.compressed_size
        if self.remote:
            return urls.read(path, self.offset, self.offset + size)
        return read_range(path, max(0, self.offset), size)

    def _inflated(self, packed: bytes, most: int) -> bytes:
        """Return the decompressed bytes, at most `most`."""
        if self.method == zipfile.ZIP_STORED:
            return packed[:most]
        if self.method == zipfile.ZIP_DEFLATED:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
        with self._file(BytesIO(packed), most) as file:
            return file.read()

    def _check(self, data: bytes, size: int) -> None:
        if len(data) != size:
            least = "more" if len(data) > size else "fewer"
            raise UnreadableError(f"holds {least} than the {size} bytes that the archive declares")
        if zlib.crc32(data) != self.crc:
            raise UnreadableError("does not have the checksum that the archive declares")

    def _open_streaming(self, reference: Reference) -> IO[bytes]:
        """Return a file that inflates as it is read, and ends after the declared bytes."""
        with ExitStack() as stack:
            file = stack.enter_context(open(reference.path, "rb"))
            file.seek(max(0, self.offset))
            _skip_header(file)
            inflated = self._file(file, reference.size)
            stack.pop_all()  # closed together with the file that is returned
            return inflated

    def _file(self, packed: IO[bytes], size: int) -> IO[bytes]:
        """Return zipfile's own file, for any method; it can seek, and compares the checksum."""
        info = zipfile.ZipInfo("member")
        info.compress_type, info.compress_size, info.CRC = (
            self.method,
            self.compressed_size,
            self.crc,
        )
        info.file_size = size
        return cast(IO[bytes], zipfile.ZipExtFile(packed, "r", info, close_fileobj=True))


def _skip_header(file: IO[bytes]) -> None:
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(b"PK\3\4"):
        raise UnreadableError("is not where the archive's directory says")
    _, name, extra = _HEADER.unpack(head)
    file.seek(name + extra, 1)


def _members(place: Place, key_of: Callable[[bytes], bytes | None]) -> Iterator[Reference]:
    with place.open() as file, zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            key = None if info.is_dir() else key_of(_name(info))
            if key is None:
                continue
            length = len(info.orig_filename) * 2 + len(info.extra)
            where = (info.header_offset, length, info.compress_size, info.compress_type, info.CRC)
            member = Member(*where, place.remote)
            crc = b"%08x" % info.CRC
            yield Reference(key, place.path, info.file_size, 0, _problem(info), member, crc)


def _name(info: zipfile.ZipInfo) -> bytes:
    """Return a member's name as the bytes in the archive."""
    encoding = "utf-8" if info.flag_bits & _UTF_8 else "cp437"
    return info.orig_filename.encode(encoding, "surrogateescape")


def _problem(info: zipfile.ZipInfo) -> str | None:
    """Return why a member cannot be measured; None if it can."""
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link; zip without --symlinks stores what it leads to"
    return None


def _count(place: Place) -> int | None:
    if place.remote:
        return None
    with zipfile.ZipFile(place.path.decode("utf-8", "surrogateescape")) as archive:
        names = (member_key(_name(info)) for info in archive.infolist() if not info.is_dir())
        return sum(map(is_visible_image, names))


ZIP = Format(_members, _count)
