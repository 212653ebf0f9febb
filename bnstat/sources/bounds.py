"""The bounds of reading, and the contract of all that reads bytes here, whatever they are.

Where a rule is kept by a few lines, they name it: "bounds, 5".

1. It never writes, and opens nothing that an archive or a list in it names.
2. It goes forward with every step: it ends, or raises UnreadableError, or the system's own OSError.
3. What it holds in memory is bounded, by limits or by a MAX_* at the head of its module.
4. It yields each reference as soon as that is known, and reads no further than it is asked.
5. Broken bytes are one failure. What was read before them counts.
6. `Reference.open`, in a worker, compares sizes with limits first, and returns a file that can
   seek; what is decompressed has no more bytes than its archive declares.

Every parser of ours moves by `step`, or by what it has read: boxes of JPEG 2000, chunks of PNG,
headers of tar, entries of zip, pages of Parquet. A new one has a row in
tests/sources/test_lengths.py, and one in tests/sources/parsers.py.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO

from bnstat.files import READING

# What is compressed or comes over a network may be of any size, whatever is declared, and is held
# in memory. An uncompressed image of 89 megapixels has as many bytes.
MAX_UNPACKED = 256 << 20
# Positions in files are signed 64-bit integers.
MAX_POSITION = (1 << 63) - 1
# A larger range of an archive is read while it is decoded.
LARGE = 1 << 20


class UnreadableError(Exception):
    """The bytes of an image cannot be read; the message says why."""


@dataclass(frozen=True)
class ReadLimits:
    """Limits on reading a source.

    max_bytes: of the encoded image; None is no limit for a file on a disk, and MAX_UNPACKED for
    what is compressed or comes over a network. network_timeout: seconds without a byte from a
    network; None is no limit.
    """

    max_bytes: int | None = field(default=None, kw_only=True)
    network_timeout: float | None = field(default=None, kw_only=True)

    @property
    def max_unpacked(self) -> int:
        """The most bytes of an image that is compressed or comes over a network."""
        return MAX_UNPACKED if self.max_bytes is None else self.max_bytes

    def check(self, size: int, *, unpacked: bool) -> None:
        """Raise UnreadableError if an image, decompressed or not, has too many bytes."""
        most = self.max_unpacked if unpacked else self.max_bytes
        if most is not None and size > most:
            raise UnreadableError(f"has {size} bytes, more than {self._allowed}")

    def check_read(self, size: int) -> None:
        """Raise UnreadableError if more was read than an image may have, however long it is."""
        if size > self.max_unpacked:
            raise UnreadableError(f"has more bytes than {self._allowed}")

    @property
    def _allowed(self) -> str:
        by_default = f"the {MAX_UNPACKED >> 20} MiB that --max-bytes allows by default"
        return "--max-bytes allows" if self.max_bytes is not None else by_default


DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True)
class Limits(ReadLimits):
    """The most that one image may take.

    max_pixels, max_bytes: of the image and of its file, checked before it is decoded, or opened;
    truncated: whether an image that is cut off is decoded as far as it can be.
    """

    max_pixels: int
    truncated: bool = field(default=False, kw_only=True)


def step(at: int, length: int, part: str, *, least: int = 1) -> int:
    """Return where a part ends that begins at `at` and says that it has so many bytes.

    >>> step(100, 20, "a box")
    120
    """
    if not least <= length <= MAX_POSITION - at:
        raise UnreadableError(f"{part} cannot have {length} bytes")
    return at + length


def read_exactly(file: IO[bytes], size: int, problem: str) -> bytes:
    """Return the next bytes of a file; raise UnreadableError with the problem if it ends before."""
    data = file.read(size)
    if len(data) < size:
        raise UnreadableError(problem)
    return data


class SeekableFile(RawIOBase):
    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


class _RangeFile(SeekableFile):
    def __init__(self, path: bytes, start: int, size: int) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 (closed with this)
        self._start, self._size, self._at = start, size, 0

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


def open_range(path: bytes, start: int, size: int) -> IO[bytes]:
    """Return a range of a file as a file, which holds it if it is small."""
    if size > LARGE:
        return BufferedReader(_RangeFile(path, start, size))
    return BytesIO(read_range(path, start, size))


def read_range(path: bytes, start: int, size: int) -> bytes:
    """Return at most `size` bytes of a file from `start` on; meant for sizes of a few MiB."""
    file = os.open(path, READING)
    try:
        os.lseek(file, start, os.SEEK_SET)
        return os.read(file, size)
    finally:
        os.close(file)
