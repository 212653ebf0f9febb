"""Paths that are the same, however they are spelt, and files that have several names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence


def place_of(path: bytes, cwd: bytes) -> bytes:
    """Return the one spelling of a path: absolute as `cwd` is, without "." and "..".

    What stands before ".." may be a link, and is followed then.
    """
    path = os.path.join(cwd, path)
    if b".." not in path.split(b"/"):
        return os.path.normpath(path)
    folder, name = os.path.split(path.rstrip(b"/"))
    return os.path.realpath(path) if name == b".." else os.path.join(os.path.realpath(folder), name)


def spelt_alike(names: Sequence[bytes], cwd: bytes) -> list[bytes]:
    """Return names of files and folders so that equal paths, and all below them, begin equally.

    >>> spelt_alike([b"ov", b"./ov", b"./ov/sub", b"other"], b"/data")
    [b'ov', b'ov', b'ov/sub', b'other']
    """
    here = os.path.abspath(cwd or b".")
    places = [place_of(name, here) for name in names]
    first: dict[bytes, bytes] = {}
    for place, name in zip(places, names, strict=True):
        first.setdefault(place, name)
    return [_below(place, first) for place in places]


def _below(place: bytes, first: dict[bytes, bytes]) -> bytes:
    """Return a place as what is below the outermost of the named ones, as that is spelt."""
    outermost = [each for each in _with_parents(place) if each in first][-1]
    if outermost == place:
        return first[place]
    return first[outermost].rstrip(b"/") + place[len(outermost.rstrip(b"/")) :]


def _with_parents(place: bytes) -> Iterator[bytes]:
    yield place
    while (parent := os.path.dirname(place)) != place:
        place = parent
        yield place


class LinkCounter:
    """Counts images that are other names of a file that is another image.

    Only files of several names need to be remembered: hard links, and symbolic ones.

    Attributes
    ----------
    number
        How many there are so far.
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
