"""Drawn images, kept in memory between passes for all workers of this machine.

They are in an anonymous file of the main process (memfd_create(2)), which ends with that process,
however it ends. Workers open it as /proc/PID/fd/N and append to it; with O_APPEND, what several of
them write at once never overlaps. Where there is no such file, as on other systems and other
machines of a cluster, nothing is kept and images are decoded anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from bnstat.models.model_input import Stack
from bnstat.sources.reference import Reference


class CachePlace(NamedTuple):
    """Where the stacks of a chunk are kept: an offset, and (shape, dtype) of each."""

    offset: int
    stacks: tuple[tuple[tuple[int, ...], str], ...]


class CachedChunk(list[Reference]):
    """A chunk of references whose drawn images are kept at a place; a slice of it has none."""

    def __init__(self, references: Sequence[Reference], place: CachePlace) -> None:
        super().__init__(references)
        self.place = place

    def __reduce__(self) -> tuple[type, tuple[list[Reference], CachePlace]]:
        """Travel with the place."""
        return type(self), (list(self), self.place)


@dataclass(frozen=True)
class ImageCache:
    """The file, as a worker finds it; `limit` is the number of bytes that it may hold."""

    path: str
    identity: tuple[int, int]
    limit: int

    def put(self, stacks: Sequence[Stack]) -> CachePlace | None:
        """Keep stacks; None if they cannot be kept, or not all of them."""
        data: list[Any] = [np.ascontiguousarray(stack) for stack in stacks]
        size = sum(each.nbytes for each in data)
        with suppress(OSError), self._open() as file:
            if not size or os.fstat(file).st_size + size > self.limit:
                return None
            if os.writev(file, data) != size:
                return None
            offset = os.lseek(file, 0, os.SEEK_CUR) - size
            return CachePlace(offset, tuple((each.shape, each.dtype.str) for each in data))
        return None

    def get(self, place: CachePlace) -> list[Stack] | None:
        """Return stacks that were kept; None if they cannot be read here."""
        stacks = []
        with suppress(OSError), self._open() as file:
            offset = place.offset
            for shape, dtype in place.stacks:
                stack: Any = np.empty(shape, dtype)
                if os.preadv(file, [stack], offset) != stack.nbytes:
                    return None
                offset += stack.nbytes
                stacks.append(stack)
            return stacks
        return None

    @contextmanager
    def _open(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            status = os.fstat(file)
            if (status.st_dev, status.st_ino) != self.identity:  # of another machine's process
                raise OSError("this is another file")
            yield file
        finally:
            os.close(file)


@contextmanager
def open_image_cache(limit: int) -> Iterator[ImageCache | None]:
    """Open a cache of so many bytes; None where there can be none."""
    if not limit or not hasattr(os, "memfd_create"):
        yield None
        return
    file = os.memfd_create("bnstat")
    try:
        status = os.fstat(file)
        path = f"/proc/{os.getpid()}/fd/{file}"
        yield ImageCache(path, (status.st_dev, status.st_ino), limit)
    finally:
        os.close(file)
