"""The images below a URL, listed one level at a time."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from bnstat.sources.limits import ReadLimits, UnreadableError
from bnstat.sources.naming import SERVICE_FOLDERS, is_image
from bnstat.sources.reference import Reference
from bnstat.sources.source import InMemoryIndex, StreamIndex, index_by_reading
from bnstat.sources.urls import Filesystem, Info, filesystem, url_of, url_reference
from bnstat.sources.web import as_unreadable, tried


class RemoteFolder:
    """The images below a URL, listed one level at a time; the rules are those of `Folder`."""

    ordered = True

    def __init__(self, url: bytes, prefix: bytes, limits: ReadLimits) -> None:
        self._url = url
        self._limits = limits
        self.prefix = prefix
        self.skipped = 0
        self.service_folders: Counter[bytes] = Counter()

    def count(self) -> None:
        """Return None: the number is not known before everything is listed."""

    def index(self) -> InMemoryIndex | StreamIndex:
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        self.skipped = 0
        self.service_folders.clear()
        fs, root = filesystem(self._url, self._limits)
        waiting: list[tuple[bytes, str, Info | None]] = [(self.prefix, root, None)]
        while waiting:
            key, path, listed = waiting.pop()
            if listed is not None:
                url = url_of(self._url, path, fs)
                yield url_reference(key, url, self._limits, listed)
                continue
            try:
                waiting.extend(reversed(self._below(fs, key, path)))
            except UnreadableError as error:
                yield Reference(key or b"/", self._url, 0, 0, str(error))

    def _below(self, fs: Filesystem, key: bytes, path: str) -> list[tuple[bytes, str, Info | None]]:
        """Return key, path and, for files, what is listed of a folder's entries, by key."""
        with as_unreadable(self._limits):
            entries = tried(lambda: fs.ls(path, detail=True))
        found: list[tuple[bytes, str, Info | None]] = []
        for entry in entries:
            name = self._file_name(entry["name"])
            if name in SERVICE_FOLDERS and entry["type"] == "directory":
                self.service_folders[name] += 1
                continue
            if not name or name.startswith(b".") or entry["name"].rstrip("/") == path.rstrip("/"):
                continue
            if entry["type"] == "directory":
                found.append((key + name + b"/", entry["name"], None))
            elif is_image(name):
                found.append((key + name, entry["name"], entry))
            else:
                self.skipped += 1
        return sorted(found, key=lambda entry: entry[0])

    def _file_name(self, path: str) -> bytes:
        """Return the last part of a path, as a file in a folder would be named."""
        from urllib.parse import unquote_to_bytes

        name = path.rstrip("/").rpartition("/")[2]
        return unquote_to_bytes(name) if self._url.startswith(b"http") else os.fsencode(name)
