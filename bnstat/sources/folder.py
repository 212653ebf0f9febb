"""A folder's images, in key order, while the folder is being read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Iterator

from bnstat.sources.index import NamedFiles
from bnstat.sources.naming import extension, is_image
from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.shards import ALL_KEYS

# Folders of the system, of which a data set is no part; /dev/shm may well hold one.
_SYSTEM = (b"/proc", b"/sys")
_SYSTEM_ALONE = (b"/", b"/dev")


class Folder:
    """The images below a folder; `others` counts the files without an image extension, by theirs.

    Hidden files and folders are left out. A link to a folder is followed, unless the folder is
    walked anyway, and each folder is walked once, so loops end. A link to a folder that contains
    this one, or to /, /dev, /proc or /sys, is followed with `follow_links` alone, and is among
    `unfollowed` otherwise. Keys are posix paths below the root, with `prefix` before them; files
    whose keys are not in `keys` are not examined.
    """

    ordered = True

    def __init__(
        self,
        root: bytes,
        prefix: bytes = b"",
        keys: Container[bytes] = ALL_KEYS,
        *,
        follow_links: bool = False,
    ) -> None:
        self._root = root
        self._keys = keys
        self._follow_links = follow_links
        self.prefix = prefix
        self.others: Counter[bytes] = Counter()
        self.unfollowed: list[bytes] = []

    @property
    def skipped(self) -> int:
        """How many files have no image extension."""
        return self.others.total()

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images in the order of their keys' bytes."""
        self.others.clear()
        self.unfollowed = []
        for key, path, problem in self._walk():
            if key in self._keys:
                yield _reference(key, path, problem)

    def index(self) -> NamedFiles:
        """Return the images as an index, no file examined: a key says where its file is."""
        self.others.clear()
        self.unfollowed = []
        keys, problems = [], {}
        for key, _, problem in self._walk():
            keys.append(key)
            if problem is not None:
                problems[key] = problem

        def reference_at(position: int) -> Reference:
            key = keys[position]
            path = self._root + b"/" + key[len(self.prefix) :]
            return _reference(key, path, problems.get(key))

        return NamedFiles(keys, reference_at)

    def count(self) -> int:
        """Count the images by listing folders only."""
        same = Folder(self._root, self.prefix, follow_links=self._follow_links)
        walk = same._walk()
        return sum(1 for key, _, _ in walk if key in self._keys)

    def _walk(self) -> Iterator[tuple[bytes, bytes, str | None]]:
        """Yield key, path and, for a folder that cannot be read, the problem.

        It uses a stack of what is left in each folder above, because Python limits recursion.
        """
        walked: set[tuple[int, int]] = set()
        waiting = [(self.prefix, self._root, True)]
        while waiting:
            key, path, is_folder = waiting.pop()
            if not is_folder:
                yield key, path, None
                continue
            try:
                below = self._below(key, path, walked)
            except OSError as error:
                yield key, path, f"cannot be read: {error.strerror}"
            else:
                waiting.extend(reversed(below))

    def _below(
        self, key: bytes, folder: bytes, walked: set[tuple[int, int]]
    ) -> list[tuple[bytes, bytes, bool]]:
        """Return key, path and kind of what is in a folder, in order; nothing the second time."""
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in walked:
            return []
        walked.add((status.st_dev, status.st_ino))
        return [
            (key + name, folder + b"/" + name.rstrip(b"/"), is_folder)
            for name, is_folder in self._entries(key, folder)
        ]

    def _entries(self, key: bytes, folder: bytes) -> list[tuple[bytes, bool]]:
        """Return names and whether they are folders, sorted so that a walk meets keys in order.

        A folder sorts as its name with "/", as that is what stands in the keys below it.
        """
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(b"."):
                    continue
                if _is_folder(entry):
                    if not entry.is_symlink() or self._is_followed(key + entry.name, entry.path):
                        found.append((entry.name + b"/", True))
                elif is_image(entry.name):
                    found.append((entry.name, False))
                else:
                    self.others[extension(entry.name)] += 1
        return sorted(found)

    def _is_followed(self, key: bytes, link: bytes) -> bool:
        """Whether the folder behind a link is walked, and not under its own name."""
        target, root = os.path.realpath(link), os.path.realpath(self._root)
        names = os.path.relpath(target, root).split(b"/")
        if not any(name.startswith(b".") and name != b"." for name in names):
            return False
        if not self._follow_links and (root.startswith(target + b"/") or _is_systems(target)):
            self.unfollowed.append(key)
            return False
        return True


def _reference(key: bytes, path: bytes, problem: str | None) -> Reference:
    return file_reference(key, path) if problem is None else Reference(key, path, 0, 0, problem)


def _is_systems(folder: bytes) -> bool:
    below = tuple(each + b"/" for each in _SYSTEM)
    return folder in (*_SYSTEM_ALONE, *_SYSTEM) or folder.startswith(below)


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
