"""An image: its key and where it is."""

from __future__ import annotations

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
    if not stat.S_ISREG(status.st_mode):
        kind = "is a folder" if stat.S_ISDIR(status.st_mode) else "is not a regular file"
        return Reference(key, path, 0, 0, kind)
    return Reference(key, path, status.st_size, status.st_mtime_ns)


def part_of(key: bytes, parts: int) -> int:
    """Return in which of so many parts of a set an image is: by its key, whatever else is in it."""
    return int.from_bytes(blake2b(b"part/" + key, digest_size=8).digest()) % parts
