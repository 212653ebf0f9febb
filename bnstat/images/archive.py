"""The images in one file: what formats have in common.

A format reads a file's directory, or the file itself from its beginning to its end, and yields a
reference to each image, under the name that the file gives it. It never writes. Where a member can
be read by itself, the reference says where it lies, and a worker reads it; else it carries the
member's bytes, as they are in the archive, and only as many are read as the scan asks for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from bnstat.errors import BnstatError, SourceError
from bnstat.images import urls
from bnstat.images.naming import inside, is_hidden, is_image
from bnstat.images.reference import Reference, UnreadableError, carried
from bnstat.text import key_text


@dataclass(frozen=True)
class Place:
    """Where a file is: a path, or a URL for fsspec."""

    path: bytes
    remote: bool = False

    def open(self) -> IO[bytes]:
        """Open the file for reading from its beginning on."""
        return urls.open_url(self.path) if self.remote else open(self.path, "rb")

    @property
    def reachable(self) -> bool:
        """Whether workers can open it too."""
        return not self.remote or urls.reachable(self.path)


def stretch(path: bytes, start: int, size: int) -> bytes:
    """Return the bytes of a file from `start` on, at most so many; for sizes of mebibytes."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(file, size, start)
    finally:
        os.close(file)


class Members(Protocol):
    """Yields the images in a file, `wanted` telling which, and under which key."""

    def __call__(
        self, place: Place, wanted: Callable[[bytes], bytes | None]
    ) -> Iterator[Reference]:
        """Read the file as far as the images are asked for."""


@dataclass(frozen=True)
class Format:
    """A kind of file that holds images.

    members: yields the images; count: counts them without reading any, or says None; ordered:
    whether they come in the order of their keys.
    """

    members: Members
    count: Callable[[Place], int | None]
    ordered: bool = False


class Archive:
    """The images in one file, in the file's own order.

    Keys are the members' names, as paths below the archive's root. What is hidden, or has no image
    extension, is treated as in a folder. What can be read of a broken archive is; the rest is a
    failure that has the archive's name.
    """

    def __init__(
        self, place: Place, form: Format, *, name: bytes, prefix: bytes, alone: bool
    ) -> None:
        self._place = place
        self._format = form
        self._name = name
        self._alone = alone
        self._met = 0
        self.prefix = prefix
        self.ordered = form.ordered
        self.skipped = 0

    def count(self) -> int | None:
        """Count the images, where the file need not be read for it."""
        try:
            return self._format.count(self._place)
        except Exception:  # what is wrong with it, iterating says
            return None

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images.

        Raises
        ------
        SourceError
            If nothing at all can be read of the only source, or a package for it is missing.
        """
        self.skipped = self._met = 0
        try:
            for reference in self._format.members(self._place, self._wanted):
                yield self._complete(reference)
        except BnstatError:
            raise
        except Exception as error:
            reason = _reason(error)
            if self._alone and self._met == 0:
                where = key_text(self._place.path)
                raise SourceError(f"cannot read {where}: {reason}") from error
            read = f"{self._met} member{'s' * (self._met != 1)}"
            reason = f"is broken after {read}: {reason}"
            yield Reference(self._name, self._place.path, 0, 0, reason)

    def _wanted(self, name: bytes) -> bytes | None:
        """Return the key of a member; None for one that is hidden or no image."""
        self._met += 1
        key = inside(name)
        if is_hidden(key):
            return None
        if not is_image(key):
            self.skipped += 1
            return None
        return key

    def _complete(self, reference: Reference) -> Reference:
        if self.prefix:
            reference = reference._replace(key=self.prefix + reference.key)
        return reference if self._place.reachable else carried(reference)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, UnreadableError):
        return str(error)
    return " ".join(str(error).split()) or type(error).__name__
