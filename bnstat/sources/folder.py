"""The images below a folder, in key order, while it is being read."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Container, Iterator
from functools import partial
from threading import Lock

from bnstat.sources.naming import SERVICE_FOLDERS, extension, is_image, is_visible_image
from bnstat.sources.patterns import EVERYTHING, Globs
from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.source import ALL_KEYS, NamedFiles

# Folders of the system, of which a data set is no part; /dev/shm may well hold one.
_SYSTEM = (b"/proc/", b"/sys/")


class Folder:
    """The images below a folder; `walk` counts what it meets beside them.

    Hidden files and folders are left out, and folders of thumbnails and deleted files, which
    `service_folders` counts by name; `others` counts the files without an image extension, by
    theirs. A link to a folder is followed, unless the folder is walked anyway, which `inner_links`
    counts, and each folder is walked once, so loops end. A link to a folder that contains this one,
    or to /, /dev, /proc or /sys, is followed with `follow_links` alone, and is among `unfollowed`
    otherwise. Folders that `globs` exclude are not
    entered. Keys are posix paths below the root, with `prefix` before them; files whose keys are
    not in `keys` are not examined.
    """

    ordered = True

    def __init__(
        self,
        root: bytes,
        prefix: bytes = b"",
        keys: Container[bytes] = ALL_KEYS,
        *,
        follow_links: bool = False,
        globs: Globs = EVERYTHING,
    ) -> None:
        self._new_walk = partial(_Walk, root, prefix, keys, follow_links, globs)
        self.walk = self._new_walk()
        self._lock = Lock()
        self.prefix = prefix

    @property
    def service_folders(self) -> Counter[bytes]:
        return self.walk.service_folders

    @property
    def links(self) -> int:
        """Images that are other names of a file that is another image."""
        return self.walk.links.number

    @property
    def skipped(self) -> int:
        return self.walk.others.total()

    def __iter__(self) -> Iterator[Reference]:
        walk = self._walk_to_take()
        return map(walk.reference, walk)

    def index(self) -> NamedFiles:
        """Return the images as an index, no file examined: a key says where its file is."""
        walk = self._walk_to_take()
        keys = list(walk)
        return NamedFiles(keys, lambda at: walk.reference(keys[at]))

    def count(self) -> int:
        """Count the images by listing folders only, in the walk that images are taken from too."""
        return self.walk.count()

    def _walk_to_take(self) -> _Walk:
        with self._lock:
            if self.walk.taken:
                self.walk = self._new_walk()
            self.walk.taken = True
            return self.walk


class _Walk:
    """One walk of a folder, of which images are taken while another thread may count them.

    What was counted and not yet taken waits: keys, which a run keeps anyway.
    """

    def __init__(
        self, root: bytes, prefix: bytes, keys: Container[bytes], follow_links: bool, globs: Globs
    ) -> None:
        self._root, self._prefix, self._globs = root, prefix, globs
        self._follow_links = follow_links
        self._real_root = os.path.realpath(root)
        self._found = (key for key in self._walked() if key in keys)
        self._lock, self._number, self.taken = Lock(), 0, False
        self._waiting: deque[bytes] = deque()
        self._folders: set[tuple[int, int]] = set()  # that were walked, by device and inode
        self._symbolic: set[bytes] = set()
        self._problems: dict[bytes, str] = {}  # of folders that cannot be read
        self.others, self.service_folders = Counter[bytes](), Counter[bytes]()
        self.unfollowed: list[bytes] = []
        self.inner_links, self.links = 0, LinkCounter()

    def count(self) -> int:
        """Walk to the end; return how many images there are."""
        while True:
            with self._lock:
                if (key := self._next()) is None:
                    return self._number
                self._waiting.append(key)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._lock:
                key = self._waiting.popleft() if self._waiting else self._next()
            if key is None:
                return
            yield key

    def _next(self) -> bytes | None:
        key = next(self._found, None)
        self._number += key is not None
        return key

    def reference(self, key: bytes) -> Reference:
        path = self._path(key)
        if key in self._problems:
            return Reference(key, path, 0, 0, self._problems[key])
        return file_reference(key, path, partial(self._meet, key))

    def _meet(self, key: bytes, status: os.stat_result) -> None:
        symbolic, known = key in self._symbolic, False
        if symbolic:  # to another image of the folder, perhaps
            below = os.path.relpath(os.path.realpath(self._path(key)), self._real_root)
            inside = not below.startswith(b"../")
            known = inside and is_visible_image(below) and self._globs.has(below)
        self.links.add(status, symbolic=symbolic, known=known)

    def _path(self, key: bytes) -> bytes:
        below = key[len(self._prefix) :].rstrip(b"/")
        return self._root + b"/" + below if below else self._root

    def _walked(self) -> Iterator[bytes]:
        """Yield the keys there are, with a stack of what is left, as Python limits recursion."""
        waiting = [(self._prefix, True)]
        while waiting:
            key, is_folder = waiting.pop()
            if not is_folder:
                yield key
                continue
            try:
                waiting.extend(reversed(self._entries(key)))
            except OSError as error:
                self._problems[key] = f"cannot be read: {error.strerror}"
                yield key

    def _entries(self, key: bytes) -> list[tuple[bytes, bool]]:
        """Return keys of what is in a folder, and whether they are folders; the second time none.

        A folder sorts as its name with "/", as that is what stands in the keys below it.
        """
        folder = self._path(key)
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in self._folders:
            return []
        self._folders.add((status.st_dev, status.st_ino))
        found = []
        with os.scandir(folder) as entries:
            for entry in entries:
                name, below = entry.name, key + entry.name
                if name in SERVICE_FOLDERS and _is_folder(entry):
                    self.service_folders[name] += 1
                elif name.startswith(b"."):
                    continue
                elif _is_folder(entry):
                    entered = self._globs.enters(self._below_root(below) + b"/")
                    if entered and (not entry.is_symlink() or self._is_followed(below, entry.path)):
                        found.append((below + b"/", True))
                elif not is_image(name):
                    self.others[extension(name)] += 1
                elif self._globs.has(self._below_root(below)):
                    found.append((below, False))
                    if entry.is_symlink():
                        self._symbolic.add(below)
        return sorted(found)

    def _below_root(self, key: bytes) -> bytes:
        return key[len(self._prefix) :]

    def _is_followed(self, key: bytes, link: bytes) -> bool:
        """Whether the folder behind a link is walked, and not under its own name."""
        target, root = os.path.realpath(link), self._real_root
        names = os.path.relpath(target, root).split(b"/")
        if not any(name.startswith(b".") and name != b"." for name in names):
            self.inner_links += target != root
            return False
        of_system = target in (b"/", b"/dev") or (target + b"/").startswith(_SYSTEM)
        if not self._follow_links and (root.startswith(target + b"/") or of_system):
            self.unfollowed.append(key)
            return False
        return True


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


class LinkCounter:
    """Counts images that are other names of a file that is another image: `number` so far.

    Only files of several names need to be remembered: hard links, and symbolic ones.
    """

    def __init__(self) -> None:
        self.number = 0
        self._met: set[tuple[int, int]] = set()

    def add(self, status: os.stat_result, *, symbolic: bool = False, known: bool = False) -> None:
        """Add an image; `known`: it is a symbolic link to another one."""
        if status.st_nlink == 1 and not symbolic:
            return
        file = status.st_dev, status.st_ino
        self.number += known or file in self._met
        self._met.add(file)
