"""Decompressing no further than asked.

zipfile decompresses all input that it has read, so that a few kilobytes of bzip2 or LZMA may become
gigabytes, and lzma allocates what an archive demands. gzip's own file does neither. Only archives
import this: Python can be built without bz2 and lzma.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from importlib import import_module
from io import BufferedReader, BytesIO, RawIOBase
from typing import IO, Protocol

from bnstat.sources.bounds import UnreadableError

# What is read at a time of compressed bytes, and the most that it becomes at a time.
_INPUT, _OUTPUT = 1 << 16, 1 << 17
# liblzma allocates as much as an archive demands; `xz -9` demands 65 MiB.
_MAX_LZMA = 256 << 20


class Decompressor(Protocol):
    """What bz2, lzma and zstd have in common; needs_input: it goes on only with more input."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def zstd() -> Decompressor:
    """Return a decompressor for Zstandard, which Python has from 3.14 on."""
    try:
        found: Decompressor = import_module("compression.zstd").ZstdDecompressor()
    except ImportError as error:
        raise UnreadableError("this Python has no compression.zstd to unpack it with") from error
    return found


class Deflate:
    """zlib's decompressor of a member of a zip."""

    needs_input, unused_data = True, b""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        found = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        self.needs_input = not self._zlib.unconsumed_tail
        return found


def zip_lzma(head: bytes, most: int) -> Decompressor:
    """Return the decompressor of a zip's member, whose first 9 bytes are properties.

    See section 5.8.8 of APPNOTE.TXT (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
    A dictionary larger than the member, of at most so many bytes, is useless, and would be
    allocated.
    """
    if len(head) < 9 or head[2:4] != b"\5\0":
        raise UnreadableError("its compressed bytes are damaged: no properties of LZMA")
    bits, dictionary = head[4], int.from_bytes(head[5:9], "little")
    options = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(4096, min(dictionary, most)),
        **{"lc": bits % 9, "lp": bits // 9 % 5, "pb": bits // 45},
    }
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options])
    except (lzma.LZMAError, ValueError) as error:
        raise UnreadableError(f"its compressed bytes are damaged: {error}") from error


# What the first bytes of a compressed file are, and its decompressor.
_COMPRESSIONS: dict[bytes, Callable[[], Decompressor]] = {
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MAX_LZMA),
    b"\x28\xb5\x2f\xfd": zstd,
}


def inflate(decompressor: Decompressor, data: bytes, most: int) -> BytesIO:
    """Return what bytes decompress to, the first `most` bytes of it, gathered piece by piece."""
    found, at = BytesIO(), 0
    while found.tell() < most and not decompressor.eof:
        piece = b""
        if decompressor.needs_input:
            if at >= len(data):
                break
            piece, at = data[at : at + _INPUT], at + _INPUT
        found.write(_decompress(decompressor, piece, min(_OUTPUT, most - found.tell())))
    found.seek(0)
    return found


def _decompress(decompressor: Decompressor, data: bytes, most: int) -> bytes:
    try:
        return decompressor.decompress(data, most)
    except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
        raise UnreadableError(f"its compressed bytes are damaged: {error}") from error


def decompressed(file: BufferedReader) -> IO[bytes] | None:
    """Return a file that decompresses another from its beginning; None if it is not compressed."""
    head = file.peek(6)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    for magic, start in _COMPRESSIONS.items():
        if head.startswith(magic):
            return BufferedReader(_Decompressed(file, start), _OUTPUT)
    return None


class _Decompressed(RawIOBase):
    """The decompressed streams of a file, read to its end; zeros may stand behind each."""

    def __init__(self, file: IO[bytes], start: Callable[[], Decompressor]) -> None:
        self._file, self._start = file, start
        self._current: Decompressor | None = start()
        self._input = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while len(buffer) and (current := self._decompressor()) is not None:
            data = self._more() if current.needs_input else b""
            found = _decompress(current, data, len(buffer))
            if current.eof:
                self._current, self._input = None, current.unused_data
            elif not data and not found:
                raise UnreadableError("its compressed stream is cut off")
            if found:
                buffer[: len(found)] = found
                return len(found)
        return 0

    def _decompressor(self) -> Decompressor | None:
        """Return the current stream's decompressor, or that of one behind it; None at the end."""
        if self._current is None:
            rest = self._more()
            while rest and not (kept := rest.lstrip(b"\0")):
                rest = self._more()
            if rest:
                self._current, self._input = self._start(), kept
        return self._current

    def _more(self) -> bytes:
        data, self._input = self._input or self._file.read(_INPUT), b""
        return data
