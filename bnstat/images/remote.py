"""Images at URLs: one, those below a folder, those that match a pattern."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TypeAlias

from bnstat.images.naming import is_image
from bnstat.images.reference import Reference, UnreadableError, carried
from bnstat.images.urls import Info, explained, filesystem, reachable, url_of
from bnstat.images.urls import refer as refer_anywhere

Refer: TypeAlias = Callable[[bytes], Reference]


class RemoteFile:
    """A file at a URL: opened whatever its name."""

    ordered = True
    skipped = 0

    def __init__(self, url: bytes, key: bytes, known: Info | None = None) -> None:
        self._url = url
        self._known = known
        self.prefix = key

    def count(self) -> int:
        """Count the file."""
        return 1

    def __iter__(self) -> Iterator[Reference]:
        yield refer(self.prefix, self._url, self._known)


class RemoteFolder:
    """The images below a URL, listed one level at a time; the rules are those of `Folder`."""

    ordered = True

    def __init__(self, url: bytes, prefix: bytes = b"") -> None:
        self._url = url
        self.prefix = prefix
        self.skipped = 0

    def count(self) -> None:
        """Say that the number is not known before all is listed."""

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images in the order of their keys' bytes."""
        self.skipped = 0
        _, root = filesystem(self._url)
        waiting: list[tuple[bytes, str, Info | None]] = [(self.prefix, root, None)]
        while waiting:
            key, path, known = waiting.pop()
            if known is not None:
                yield refer(key, url_of(self._url, path), known)
                continue
            try:
                waiting.extend(reversed(self._below(key, path)))
            except UnreadableError as error:
                yield Reference(key or b"/", self._url, 0, 0, str(error))

    def _below(self, key: bytes, path: str) -> list[tuple[bytes, str, Info | None]]:
        """Return key, path and, of files, what is known, of all in a folder, sorted by key."""
        with explained():
            fs, _ = filesystem(self._url)
            listed = fs.ls(path, detail=True)
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
        """Return the last part of a path, as it would be called in a folder."""
        from urllib.parse import unquote_to_bytes

        name = path.rstrip("/").rpartition("/")[2]
        return unquote_to_bytes(name) if self._url.startswith(b"http") else os.fsencode(name)


def refer(key: bytes, url: bytes, known: Info | None = None) -> Reference:
    """Return the reference to an image at a URL, with its bytes where no worker can reach it."""
    reference = refer_anywhere(key, url, known)
    return reference if reachable(url) else carried(reference)


def matching(pattern: bytes) -> list[tuple[bytes, Info]]:
    """Return URL and what is known of all that matches a pattern at a URL."""
    fs, path = filesystem(pattern)
    with explained():
        found = fs.glob(path, detail=True)
    return [(url_of(pattern, name), known) for name, known in found.items()]
