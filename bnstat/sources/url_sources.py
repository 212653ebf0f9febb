"""A file or a folder at a URL."""

from __future__ import annotations

import os
from collections.abc import Iterator

from bnstat.sources.index import Kept, ReadAgain, index_by_reading
from bnstat.sources.limits import ReadLimits, UnreadableError
from bnstat.sources.naming import is_image
from bnstat.sources.network import as_unreadable, tried
from bnstat.sources.reference import Reference
from bnstat.sources.urls import Filesystem, Info, filesystem, url_of, url_reference


class RemoteFile:
    """A file at a URL: opened whatever its name."""

    ordered = True
    skipped = 0

    def __init__(self, url: bytes, key: bytes, limits: ReadLimits) -> None:
        self._url = url
        self._limits = limits
        self.prefix = key

    def count(self) -> int:
        """Count the file."""
        return 1

    def index(self) -> Kept | ReadAgain:
        """Return the file as an index."""
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        yield url_reference(self.prefix, self._url, self._limits)


class RemoteFolder:
    """The images below a URL, listed one level at a time; the rules are those of `Folder`."""

    ordered = True

    def __init__(self, url: bytes, prefix: bytes, limits: ReadLimits) -> None:
        self._url = url
        self._limits = limits
        self.prefix = prefix
        self.skipped = 0

    def count(self) -> None:
        """Return None: the number is not known before everything is listed."""

    def index(self) -> Kept | ReadAgain:
        """Return the images as an index, from one listing."""
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images in the order of their keys' bytes."""
        self.skipped = 0
        fs, root = filesystem(self._url, self._limits)
        waiting: list[tuple[bytes, str, Info | None]] = [(self.prefix, root, None)]
        while waiting:
            key, path, known = waiting.pop()
            if known is not None:
                url = url_of(self._url, path, fs)
                yield url_reference(key, url, self._limits, known)
                continue
            try:
                waiting.extend(reversed(self._below(fs, key, path)))
            except UnreadableError as error:
                yield Reference(key or b"/", self._url, 0, 0, str(error))

    def _below(self, fs: Filesystem, key: bytes, path: str) -> list[tuple[bytes, str, Info | None]]:
        """Return key, path and, for files, the listed information of a folder's entries, by key."""
        with as_unreadable(self._limits):
            listed = tried(lambda: fs.ls(path, detail=True))
        found: list[tuple[bytes, str, Info | None]] = []
        for entry in listed:
            name = self._name(entry["name"])
            if not name or name.startswith(b".") or entry["name"].rstrip("/") == path.rstrip("/"):
                continue
            if entry["type"] == "directory":
                found.append((key + name + b"/", entry["name"], None))
            elif is_image(name):
                found.append((key + name, entry["name"], entry))
            else:
                self.skipped += 1
        return sorted(found, key=lambda each: each[0])

    def _name(self, path: str) -> bytes:
        """Return the last part of a path, as a file in a folder would be named."""
        from urllib.parse import unquote_to_bytes

        name = path.rstrip("/").rpartition("/")[2]
        return unquote_to_bytes(name) if self._url.startswith(b"http") else os.fsencode(name)
