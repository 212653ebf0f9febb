"""An image: its key, where it is, and how its bytes are had."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from typing import IO, NamedTuple, Protocol


class UnreadableError(Exception):
    """The bytes of an image cannot be had; the message says why."""


class Content(Protocol):
    """How the bytes are had of an image that is no file by itself; workers receive it."""

    def open(self, reference: Reference) -> IO[bytes]:
        """Return a file of the image's bytes, which can seek."""


class Reference(NamedTuple):
    """An image that is to be measured.

    key: its name in the set, by whose bytes everything is ordered; path: where the file is, or the
    archive that holds it; size: in bytes; mtime_ns: when it was last changed; problem: why it
    cannot be opened, or None; content: how its bytes are had, None for those of the file at `path`;
    tag: an ETag or CRC, which stands for the time of change where there is none.
    """

    key: bytes
    path: bytes
    size: int
    mtime_ns: int
    problem: str | None = None
    content: Content | None = None
    tag: bytes = b""

    def fingerprint(self) -> int:
        """Return blake2b-256 of key, size and mtime as an integer; a set's is their sum."""
        changed = self.tag or b"%d" % self.mtime_ns
        text = b"%d/%s/%s" % (self.size, changed, self.key)
        return int.from_bytes(blake2b(text, digest_size=32).digest())

    def open(self) -> IO[bytes]:
        """Return a file of the image's bytes, which can seek."""
        if self.content is not None:
            return self.content.open(self)
        handle = open_regular(self.path)
        if self.size > _SMALL:
            return open(handle, "rb")
        with open(handle, "rb", buffering=0) as file:
            return BytesIO(file.read())


# Pillow reads a header in many small steps, which cost less in memory: of files of so many bytes.
_SMALL = 1 << 16


@dataclass(frozen=True)
class Carried:
    """The bytes themselves, still encoded: of an image that a worker could not reach."""

    data: bytes

    def open(self, reference: Reference) -> IO[bytes]:
        """Return them as a file."""
        return BytesIO(self.data)


def refer(key: bytes, path: bytes) -> Reference:
    """Return the reference to a file; only regular files can be measured, and nothing is opened."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        return Reference(key, path, 0, 0, getattr(error, "strerror", None) or str(error))
    problem = _problem(status.st_mode)
    if problem is not None:
        return Reference(key, path, 0, 0, problem)
    return Reference(key, path, status.st_size, status.st_mtime_ns)


def carried(reference: Reference) -> Reference:
    """Return the reference with its bytes, read here and now."""
    if reference.problem is not None or isinstance(reference.content, Carried):
        return reference
    try:
        with reference.open() as file:
            return reference._replace(content=Carried(file.read()))
    except UnreadableError as error:
        return reference._replace(problem=str(error))
    except Exception as error:
        return reference._replace(problem=f"cannot be read: {error}")


def open_regular(path: bytes) -> int:
    """Open a file to be read, if it still is a regular one, and return its descriptor.

    It never waits: since it was found, it may have become a pipe that nobody writes to.

    Raises
    ------
    OSError
        If it cannot be opened, or has become something else.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    problem = _problem(os.fstat(handle).st_mode)
    if problem is not None:
        os.close(handle)
        raise OSError(errno.EINVAL, problem)
    return handle


def _problem(mode: int) -> str | None:
    """Say why what has this mode cannot be measured; None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return "is a folder" if stat.S_ISDIR(mode) else "is not a regular file"
