"""An image reference: its key, where its bytes are, and which frame of a file it is."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from typing import IO, ClassVar, NamedTuple, Protocol

from bnstat.files import READING
from bnstat.sources.bounds import DEFAULT_LIMITS, ReadLimits, UnreadableError

FIRST, ALL = "first", "all"
# A "#" of a name is doubled where frames are named, so that an odd number of them tells a frame.
_FRAME = re.compile(rb"(?<!#)((?:##)*)#[0-9]+\Z")
# Pillow reads a header in many small steps, which are cheaper in memory; up to this many bytes.
_SMALL = 1 << 16


class Frame(NamedTuple):
    """Which image of a file it is: where Pillow finds it, and how many of the file are measured."""

    page: int
    of: int


def frame_key(key: bytes, index: int | None) -> bytes:
    """Return the key of a frame of a file, or with None that of a file with one image.

    >>> frame_key(b"stack.tif", 3), frame_key(b"a#3", None), file_key(frame_key(b"a#", 3))
    (b'stack.tif#3', b'a##3', b'a#')
    """
    escaped = key.replace(b"#", b"##")
    return escaped if index is None else b"%s#%d" % (escaped, index)


def file_key(key: bytes) -> bytes:
    """Return the key of the file that a frame, or the only image, is of."""
    return _FRAME.sub(rb"\1", key).replace(b"##", b"#")


def chosen_frames(asked: str, there: int) -> range:
    """Return which of the frames are asked for: first, all or N:M:STEP.

    >>> chosen_frames("1::2", 5), chosen_frames("-2:", 5)
    (range(1, 5, 2), range(3, 5))
    """
    if asked in (FIRST, ALL):
        return range(there)[: 1 if asked == FIRST else None]
    return range(there)[slice(*(int(number) if number else None for number in asked.split(":")))]


class Content(Protocol):
    """Reads the bytes of an image that is not a file of its own; it is sent to workers."""

    @property
    def unpacked(self) -> bool:
        """Whether it is decompressed, or comes over a network."""

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        """Return a file of the image's bytes, which can seek."""


class Reference(NamedTuple):
    """An image that is to be measured.

    key: its name in the set, by whose bytes everything is ordered; path: where the file is, or the
    archive that holds it; size: in bytes; mtime_ns: when it was last changed; problem: why it
    cannot be opened, or None; content: reads its bytes, None for the file at `path`; tag: an ETag
    or CRC, used where there is no time of change; labels: the image that selects its pixels;
    ctime_ns: when the status of the file last changed, 0 for what is no file by itself; frame:
    which image of the file it is, None for the first.
    """

    key: bytes
    path: bytes
    size: int
    mtime_ns: int
    problem: str | None = None
    content: Content | None = None
    tag: bytes = b""
    labels: Reference | None = None
    ctime_ns: int = 0
    frame: Frame | None = None

    def fingerprint(self) -> int:
        """Return blake2b-256 of key, size and mtime as an integer; a set's is their sum.

        That of an image and its mask is the sum of both.
        """
        own = fingerprint_of(self.size, self.tag or b"%d" % self.mtime_ns, self.key)
        return own if self.labels is None else (own + self.labels.fingerprint()) % 2**256

    @property
    def ctimes(self) -> tuple[int, ...]:
        """When the status of its files last changed; it is not in the fingerprint.

        A copied set has other ones, and is the same set; but a file that was changed and given its
        old mtime can be told by it.
        """
        return (self.ctime_ns,) if self.labels is None else (self.ctime_ns, *self.labels.ctimes)

    def open(self, limits: ReadLimits = DEFAULT_LIMITS) -> IO[bytes]:
        """Return a file of the image's bytes, which can seek."""
        limits.check(self.size, unpacked=self.content is not None and self.content.unpacked)
        if self.content is not None:
            return self.content.open(self, limits)
        return _open_regular(self.path, limits)

    def without_bytes(self) -> Reference:
        """Return the reference to an image that was measured, and release its bytes.

        Those of its mask may be another image's too.
        """
        if not self.bytes_held:
            return self
        if isinstance(self.content, EncodedBytes):
            self.content.release()
        return self._replace(content=None, labels=None)

    @property
    def share(self) -> int:
        """The bytes of its file that it stands for."""
        return self.size if self.frame is None else self.size // self.frame.of

    @property
    def bytes_held(self) -> int:
        own: int = getattr(self.content, "bytes_held", 0)
        return own + (self.labels.bytes_held if self.labels else 0)


def fingerprint_of(size: int, changed: bytes, key: bytes) -> int:
    """Return blake2b-256 of an image's key, size, and mtime or tag as an integer."""
    text = b"%d/%s/%s" % (size, changed, key)
    return int.from_bytes(blake2b(text, digest_size=32).digest())


@dataclass(frozen=True)
class EncodedBytes:
    """The encoded bytes of an image, for what a worker cannot open itself."""

    data: bytes
    unpacked: ClassVar[bool] = True

    @property
    def bytes_held(self) -> int:
        return len(self.data)

    def release(self) -> None:
        """Let go of the bytes, whoever else has a reference to the image: it was measured."""
        object.__setattr__(self, "data", b"")

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        return BytesIO(self.data)


def file_reference(
    key: bytes, path: bytes, met: Callable[[os.stat_result], None] | None = None
) -> Reference:
    """Return the reference to a file; only regular files can be measured, and nothing is opened.

    `met` is told the status of a regular file.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        return Reference(key, path, 0, 0, getattr(error, "strerror", None) or str(error))
    problem = _problem(status.st_mode)
    if problem is not None:
        return Reference(key, path, 0, 0, problem)
    if met is not None:
        met(status)
    changed, status_changed = status.st_mtime_ns, status.st_ctime_ns
    return Reference(key, path, status.st_size, changed, ctime_ns=status_changed)


def with_bytes(reference: Reference, limits: ReadLimits) -> Reference:
    if reference.problem is not None or isinstance(reference.content, EncodedBytes):
        return reference
    try:
        with reference.open(limits) as file:
            return reference._replace(content=EncodedBytes(file.read()))
    except UnreadableError as error:
        return reference._replace(problem=str(error))
    except Exception as error:
        return reference._replace(problem=f"cannot be read: {error}")


def _open_regular(path: bytes, limits: ReadLimits) -> IO[bytes]:
    """Open a file to be read, if it still is a regular one.

    It never blocks: since it was listed, it may have become a pipe that nobody writes to. A small
    file is read at once, as making a file object takes longer.
    """
    handle = os.open(path, READING)
    try:
        status = os.fstat(handle)
        if (problem := _problem(status.st_mode)) is not None:
            raise OSError(errno.EINVAL, problem)
        size = status.st_size
        limits.check(size, unpacked=False)
        if size > _SMALL:
            return open(handle, "rb")
        data = os.read(handle, size)
        while len(data) < size and (more := os.read(handle, size - len(data))):
            data += more  # some file systems return less than they could
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return BytesIO(data)


def _problem(mode: int) -> str | None:
    """Return why a file of this mode cannot be measured; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return "is a folder" if stat.S_ISDIR(mode) else "is not a regular file"
