"""A list of file names, such as `find` writes, or a table with a column of them."""

from __future__ import annotations

import csv
import os
import stat
import sys
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from io import StringIO
from pathlib import Path

from bnstat.errors import SourceError
from bnstat.sources import urls
from bnstat.sources.bounds import DEFAULT_LIMITS, ReadLimits
from bnstat.sources.folder import LinkCounter
from bnstat.sources.naming import place_of
from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.source import ALL_KEYS, NamedFiles
from bnstat.text import is_url, key_text

# What the column of names is called, in any case.
NAMES = ("filename", "file_name", "path", "image", "key")
# Names that are looked at to see whether they are names of files.
_LOOKED_AT = 100


def rows_of(text: str) -> list[list[str]]:
    """Return the rows of a CSV file but for empty ones; raise csv.Error where it is none."""
    return [row for row in csv.reader(StringIO(text, newline="")) if row]


def names_column(header: Sequence[str]) -> int | None:
    """Return where the names are by the heading; None if no heading says it.

    >>> names_column(["split", "File_Name"]), names_column(["a.png", "cat"])
    (1, None)
    """
    small = [heading.strip().lower() for heading in header]
    return next((small.index(name) for name in NAMES if name in small), None)


def chosen_names(
    rows: Sequence[Sequence[str]], table: str, column: str | None, where: Iterable[str]
) -> Iterator[str]:
    """Yield the names in a table with a heading, of the rows that all conditions let pass.

    where: COLUMN=VALUE; of several for one column, a row needs one. Raise SourceError for a column
    that is not there.
    """
    header, *others = rows or [[]]
    names = names_column(header) if column is None else _place(header, column, table)
    if names is None:
        raise SourceError(
            f"{table} has no column {', '.join(NAMES[:-1])} or {NAMES[-1]}, "
            f"but {', '.join(header)}; name it with --files-column"
        )
    wanted: dict[int, set[str]] = {}
    for condition in where:
        name, _, value = condition.partition("=")
        wanted.setdefault(_place(header, name, table), set()).add(value)
    for number, row in enumerate(others, 2):
        if len(row) != len(header):
            raise SourceError(f"line {number} of {table} has {len(row)} columns, not {len(header)}")
        if all(row[place] in values for place, values in wanted.items()):
            yield row[names]


def _place(header: Sequence[str], name: str, table: str) -> int:
    if name not in header:
        raise SourceError(f"{table} has no column {name!r}; it has {', '.join(header)}")
    return list(header).index(name)


@dataclass
class Listing:
    """The images that a list names: files or URLs, of any extension.

    location: the file with the list, which is read once, when this is made; "-" is standard input;
    null: names end in NUL (`find -print0`), so that they may hold newlines, else in newline; root:
    is stripped from the keys of names that begin with it, and names that do not, and are not there,
    are looked for below it; cwd: what location and names are relative
    to; keys: images whose keys are not in these are left out, and not examined; limits: on asking
    servers for URLs; column, where: of a CSV file, the column of names and the rows that count.
    """

    location: str
    null: bool = False
    root: str | None = None
    cwd: str = ""
    keys: Container[bytes] = ALL_KEYS
    limits: ReadLimits = DEFAULT_LIMITS
    column: str | None = None
    where: Sequence[str] = ()
    prefix: bytes = field(default=b"", init=False)
    ordered: bool = field(default=True, init=False)
    skipped: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        selected = (name for name in self._read() if self._key(name) in self.keys)
        first: dict[bytes, bytes] = {}
        self._here = os.path.abspath(os.fsencode(self.cwd) or b".")
        alike = (first.setdefault(self._place(name), name) for name in selected)
        self._names = sorted(alike, key=self._key)
        self._links = LinkCounter()
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
        return map(self._reference, self._names)

    def index(self) -> NamedFiles:
        keys = [self._key(name) for name in self._names]
        return NamedFiles(keys, lambda position: self._reference(self._names[position]))

    def _reference(self, name: bytes) -> Reference:
        path = self._file(name)
        if is_url(name) and not os.path.lexists(path):
            return urls.url_reference(self._key(name), name, self.limits)
        return file_reference(self._key(name), path, partial(self._meet, path))

    def _place(self, name: bytes) -> bytes:
        """Return what is the same for a file however its path is spelt."""
        return name if is_url(name) else place_of(name, self._here)

    @cached_property
    def _places(self) -> set[bytes]:
        return set(map(self._place, self._names))

    def _meet(self, path: bytes, status: os.stat_result) -> None:
        symbolic = os.path.islink(path)
        known = symbolic and os.path.realpath(path) in self._places
        self._links.add(status, symbolic=symbolic, known=known)

    @property
    def links(self) -> int:
        """Images that are other names of a file that is another image."""
        return self._links.number

    def _file(self, name: bytes) -> bytes:
        path = os.path.join(os.fsencode(self.cwd), name)
        if self.root is None or name.startswith(self._prefix) or os.path.lexists(path):
            return path
        return os.path.join(os.fsencode(self.cwd), self._prefix, name)

    @property
    def _prefix(self) -> bytes:
        """What names begin with that are below the root."""
        return os.path.join(os.fsencode(self.root or ""), b"")

    def check_names(self) -> None:
        """Raise SourceError if names are identifiers without an ending, as some benchmarks list."""
        some = self._names[:_LOOKED_AT]
        if not some or any(os.path.splitext(name)[1] or is_url(name) for name in some):
            return
        if not any(os.path.lexists(self._file(name)) for name in some):
            raise SourceError(
                f"{self.location} lists names without an extension, such as {key_text(some[0])}, "
                "and no such files; add folder and extension, as in: "
                "sed 's|.*|JPEGImages/&.jpg|' LIST | bnstat compute --files-from -"
            )

    def _read(self) -> Iterator[bytes]:
        if self.location == "-" and sys.stdin is None:
            raise SourceError("cannot read the list: standard input is closed")
        try:
            stdin = self.location == "-"
            data = sys.stdin.buffer.read() if stdin else self._path.read_bytes()
        except OSError as error:
            raise SourceError(f"cannot read the list {self.location}: {error.strerror}") from error
        if self._is_table(data):
            yield from self._names_in_table(data)
            return
        self._check_is_list(data)
        names = data.split(b"\0" if self.null else b"\n")
        if not self.null:
            names = [name.removesuffix(b"\r") for name in names]
        yield from filter(None, names)

    def _is_table(self, data: bytes) -> bool:
        """Whether a list is a table: that is asked of it, or its name and its first line say it."""
        if self.column is not None or self.where:
            return True
        first = data.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode(errors="replace")
        headed = "," in first or names_column([first.strip('\r"')]) is not None
        return self.location.lower().endswith(".csv") and headed

    def _names_in_table(self, data: bytes) -> Iterator[bytes]:
        try:
            rows = rows_of(data.decode("utf-8-sig", "surrogateescape"))
        except csv.Error as error:
            raise SourceError(f"cannot read the list {self.location}: {error}") from error
        return map(os.fsencode, chosen_names(rows, self.location, self.column, self.where))

    def _check_is_list(self, data: bytes) -> None:
        """Raise SourceError if names do not end as was said: they would be one long name."""
        if data.lstrip()[:1] == b"{":
            raise SourceError(
                f"{self.location} is JSON, not a list of names; of COCO's annotations: "
                "jq -r '.images[].file_name' FILE | bnstat compute --files-from - --root FOLDER"
            )
        if not self.null and b"\0" in data:
            raise SourceError(f"names in the list {self.location} end in NUL; add -0 (--null)")
        if self.null and b"\n" in data and b"\0" not in data:
            raise SourceError(
                f"names in the list {self.location} end in newlines, not in NUL; leave out -0"
            )

    def _key(self, name: bytes) -> bytes:
        if self.root is None:
            return urls.shown(name)
        return urls.shown(name).removeprefix(urls.shown(self._prefix))
