"""A list of file names, such as `find` writes."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bnstat.errors import SourceError
from bnstat.sources import urls
from bnstat.sources.limits import DEFAULT_LIMITS, ReadLimits
from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.sampling import ALL_KEYS
from bnstat.sources.source import NamedFiles


@dataclass
class Listing:
    """The images that a list names: files or URLs, of any extension.

    location: the file with the list, which is read once, when this is made; "-" is standard input;
    null: names end in NUL (`find -print0`), so that they may hold newlines, else in newline; root:
    is stripped from the keys of names that begin with it; cwd: what location and names are relative
    to; keys: images whose keys are not in these are left out, and not examined; limits: on asking
    servers for URLs.
    """

    location: str
    null: bool = False
    root: str | None = None
    cwd: str = ""
    keys: Container[bytes] = ALL_KEYS
    limits: ReadLimits = DEFAULT_LIMITS
    prefix: bytes = field(default=b"", init=False)
    ordered: bool = field(default=True, init=False)
    skipped: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        selected = (name for name in self._read() if self._key(name) in self.keys)
        self._names = sorted(selected, key=self._key)
        urls.check_distinct(dict.fromkeys(self._names))

    @property
    def can_be_read_again(self) -> bool:
        return self.location != "-" and stat.S_ISREG(self._path.stat().st_mode)

    @property
    def _path(self) -> Path:
        return Path(self.cwd, self.location)

    def count(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Reference]:
        """Yield the images in the order of their keys' bytes."""
        return map(self._reference, self._names)

    def index(self) -> NamedFiles:
        """Return the names as an index, no file examined."""
        keys = [self._key(name) for name in self._names]
        return NamedFiles(keys, lambda position: self._reference(self._names[position]))

    def _reference(self, name: bytes) -> Reference:
        path = os.path.join(os.fsencode(self.cwd), name)
        if urls.is_url(name) and not os.path.lexists(path):
            return urls.url_reference(self._key(name), name, self.limits)
        return file_reference(self._key(name), path)

    def _read(self) -> Iterator[bytes]:
        if self.location == "-" and sys.stdin is None:
            raise SourceError("cannot read the list: standard input is closed")
        try:
            stdin = self.location == "-"
            data = sys.stdin.buffer.read() if stdin else self._path.read_bytes()
        except OSError as error:
            raise SourceError(f"cannot read the list {self.location}: {error.strerror}") from error
        self._check_ends(data)
        names = data.split(b"\0" if self.null else b"\n")
        if not self.null:
            names = [name.removesuffix(b"\r") for name in names]
        yield from filter(None, names)

    def _check_ends(self, data: bytes) -> None:
        """Raise SourceError if names do not end as was said: they would be one long name."""
        if not self.null and b"\0" in data:
            raise SourceError(f"names in the list {self.location} end in NUL; add -0 (--null)")
        if self.null and b"\n" in data and b"\0" not in data:
            raise SourceError(
                f"names in the list {self.location} end in newlines, not in NUL; leave out -0"
            )

    def _key(self, name: bytes) -> bytes:
        """Return the name as written, without the root and credentials."""
        if self.root is None:
            return urls.shown(name)
        root = urls.shown(os.path.join(os.fsencode(self.root), b""))
        return urls.shown(name).removeprefix(root)
