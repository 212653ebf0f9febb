"""An image: its key and where it is."""

from __future__ import annotations

import errno
import os
import stat
from hashlib import blake2b
from typing import NamedTuple


class Reference(NamedTuple):
    """An image that is to be measured.

    key: its name in the set, by whose bytes everything is ordered; path: where the file is;
    size: in bytes; mtime_ns: when it was last changed; problem: why it cannot be opened, or None.
    """

    key: bytes
    path: bytes
    size: int
    mtime_ns: int
    problem: str | None = None

    def fingerprint(self) -> int:
        """Return blake2b-256 of key, size and mtime as an integer; a set's is their sum."""
        text = b"%d/%d/%s" % (self.size, self.mtime_ns, self.key)
        return int.from_bytes(blake2b(text, digest_size=32).digest())


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
