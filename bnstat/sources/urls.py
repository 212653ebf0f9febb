"""Files and folders at URLs, through fsspec: s3://, gs://, https://, memory://, zip://...::...

Each process makes its own filesystem objects, which fsspec caches. The package of a protocol is for
the user to install; an error names a missing one with its pip command.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BufferedReader, BytesIO
from typing import IO, Any, ClassVar, TypeAlias, cast

from bnstat.errors import SourceError
from bnstat.sources import web
from bnstat.sources.bounds import ReadLimits, SeekableFile, UnreadableError
from bnstat.sources.naming import SERVICE_FOLDERS, is_image
from bnstat.sources.reference import Reference, with_bytes
from bnstat.sources.source import Index, index_by_reading
from bnstat.sources.web import BLOCK, Filesystem, as_unreadable, message, tried, within
from bnstat.text import is_url, key_text, without_credentials

Info: TypeAlias = Mapping[str, Any]

_BUFFER = 1 << 16
# Four kilobytes of bzip2 may be eighty megabytes.
_STEP = 1 << 12
_WEB = re.compile("(https?)://")
# What changes with the content of a file: an ETag, or else a time of change.
_TAGS = (
    *("ETag", "etag", "Content-MD5", "md5Hash", "CRC", "crc32c", "Last-Modified"),
    *("LastModified", "last_modified", "mtime", "updated", "created"),
)
# Modules that differ in name from their package.
_PACKAGES = {"smbclient": "smbprotocol", "git": "pygit2", "webhdfs": "requests"}


def shown(location: bytes) -> bytes:
    """Return a location as it may be written and shown: a URL without credentials."""
    if not is_url(location):
        return location
    return os.fsencode(without_credentials(os.fsdecode(location)))


def check_distinct(locations: Iterable[bytes]) -> None:
    """Raise SourceError if two URLs differ in nothing but their credentials."""
    known: dict[bytes, bytes] = {}
    for location in locations:
        if known.setdefault(shown(location), location) != location:
            text = key_text(location)
            raise SourceError(
                f"{text} and {text} are different URLs only by their credentials, which are not "
                "kept; measure them one by one"
            )


def filesystem(url: bytes, limits: ReadLimits) -> tuple[Filesystem, str]:
    """Return the filesystem of a URL, and the path in it.

    Raise SourceError if fsspec does not know the protocol, or a package for it is missing.
    """
    text = os.fsdecode(url)
    head, chain, rest = text.partition("::")
    protocol, separator, path = head.partition("://")
    if chain and separator:
        return _archive(f"{protocol}://::{rest}", limits), path
    return _found(text, limits)


@lru_cache(maxsize=4)
def _archive(url: str, limits: ReadLimits) -> Filesystem:
    """Return the filesystem in an archive; fsspec would read its directory for each member."""
    with as_unreadable(limits):
        return within(limits, lambda: _found(url, limits)[0])


def _found(url: str, limits: ReadLimits) -> tuple[Filesystem, str]:
    from fsspec.core import url_to_fs

    try:
        of_web = set(_WEB.findall(url))
        options = web.options(limits.network_timeout) if of_web else {}
        each = options if "::" not in url else dict.fromkeys(of_web, options)  # in a chain too
        return cast(tuple[Filesystem, str], url_to_fs(url, **each))
    except ImportError as error:
        module = getattr(error.__cause__ or error, "name", None) or "fsspec[full]"
        package = _PACKAGES.get(module.partition(".")[0], module.partition(".")[0])
        text = without_credentials(url)
        raise SourceError(f"{text} needs the package {package}: pip install {package}") from error
    except ValueError as error:
        told = without_credentials(f"cannot read {url}: {error}")
        raise SourceError(told) from error
    except Exception as error:  # each filesystem has its own errors
        told = without_credentials(url.partition("://::")[2] or url)
        raise SourceError(f"cannot read {told}: {message(error, limits)}") from error


def check_protocol(url: bytes, limits: ReadLimits) -> None:
    """Raise SourceError if fsspec cannot open what a URL leads through, or a package is missing."""
    try:
        filesystem(url, limits)
    except UnreadableError as error:  # of an archive in a chain
        raise SourceError(str(error)) from error


def url_of(url: bytes, path: str, fs: Filesystem) -> bytes:
    """Return the URL of another path in the filesystem of a URL."""
    head, chain, rest = url.partition(b"::")
    if chain and b"://" in head:
        return head.partition(b"://")[0] + b"://" + os.fsencode(path) + chain + rest
    below = os.fsencode(fs.unstrip_protocol(path)).replace(b"memory:///", b"memory://")
    return head + chain + below if chain else below


def workers_can_open(url: bytes) -> bool:
    """Whether other processes can read it; `memory://` belongs to this process."""
    return b"memory:" not in url


class _StoreFile(SeekableFile):
    """A file of a filesystem other than the web's, within the time limit."""

    def __init__(self, file: IO[bytes], limits: ReadLimits) -> None:
        self._file, self._limits = file, limits

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with as_unreadable(self._limits):
            data = within(self._limits, lambda: self._file.read(min(len(buffer), BLOCK)))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def open_url(url: bytes, limits: ReadLimits) -> BufferedReader:
    fs, path = filesystem(url, limits)
    with as_unreadable(limits):
        if web.is_web(url):
            return BufferedReader(web.WebFile(fs, path, limits), _BUFFER)
        file = within(limits, lambda: fs.open(path, "rb", block_size=BLOCK))
        return BufferedReader(_StoreFile(file, limits), _BUFFER)


def read_range(url: bytes, limits: ReadLimits, start: int, end: int) -> bytes:
    fs, path = filesystem(url, limits)
    with as_unreadable(limits):
        if web.is_web(url):
            return web.read(fs, path, limits, start, end).getvalue()
        data = within(limits, lambda: fs.cat_file(path, start=start, end=end), end - start)
        return cast(bytes, data)


@dataclass(frozen=True)
class Remote:
    unpacked: ClassVar[bool] = True

    def open(self, reference: Reference, limits: ReadLimits) -> IO[bytes]:
        url, size = reference.path, reference.size
        if b"::" in url or not (size or web.is_web(url)):
            return _in_steps(url, limits)
        fs, path = filesystem(url, limits)
        with as_unreadable(limits):
            if web.is_web(url):
                return web.read(fs, path, limits)
            return BytesIO(within(limits, lambda: fs.cat_file(path), size))


def _in_steps(url: bytes, limits: ReadLimits) -> BytesIO:
    """Read a file to its end, in steps so small that no archive inflates much in one of them."""
    found = BytesIO()
    with open_url(url, limits) as file:
        while piece := file.read1(_STEP):
            found.write(piece)
            limits.check_read(found.tell())
    found.seek(0)
    return found


def info(url: bytes, limits: ReadLimits) -> Info:
    fs, path = filesystem(url, limits)
    with as_unreadable(limits):
        return cast(Info, tried(lambda: within(limits, lambda: fs.info(path))))


def expand_wildcards(pattern: bytes, limits: ReadLimits) -> list[tuple[bytes, Info]]:
    """Return URL and listed information of everything that matches a pattern at a URL."""
    fs, path = filesystem(pattern, limits)
    with as_unreadable(limits):
        if web.is_web(pattern):  # fsspec leaves out what it cannot list
            tried(lambda: fs.ls(path[: path.index("*")].rpartition("/")[0] + "/"))
        found = fs.glob(path, detail=True)
    return [(url_of(pattern, name, fs), known) for name, known in found.items()]


def url_reference(
    key: bytes, url: bytes, limits: ReadLimits, known: Info | None = None
) -> Reference:
    """Return the reference to an image at a URL; known: what a listing says of it."""
    try:
        about = known if known and known.get("size") is not None else info(url, limits)
    except UnreadableError as error:
        return Reference(key, url, 0, 0, str(error))
    tag = next((str(about[name]) for name in _TAGS if about.get(name) is not None), "?").encode()
    reference = Reference(key, url, about.get("size") or 0, 0, None, Remote(), tag)
    return reference if workers_can_open(url) else with_bytes(reference, limits)


@dataclass(eq=False)
class RemoteFolder:
    """The images below a URL, listed one level at a time; the rules are those of `Folder`."""

    url: bytes
    prefix: bytes
    limits: ReadLimits
    skipped: int = field(default=0, init=False)
    service_folders: Counter[bytes] = field(default_factory=Counter, init=False)
    ordered: ClassVar[bool] = True

    def count(self) -> None:
        """Return None: the number is not known before everything is listed."""

    def index(self) -> Index:
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        self.skipped = 0
        self.service_folders.clear()
        fs, root = filesystem(self.url, self.limits)
        waiting: list[tuple[bytes, str, Info | None]] = [(self.prefix, root, None)]
        while waiting:
            key, path, listed = waiting.pop()
            if listed is not None:
                url = url_of(self.url, path, fs)
                yield url_reference(key, url, self.limits, listed)
                continue
            try:
                waiting.extend(reversed(self._below(fs, key, path)))
            except UnreadableError as error:
                yield Reference(key or b"/", self.url, 0, 0, str(error))

    def _below(self, fs: Filesystem, key: bytes, path: str) -> list[tuple[bytes, str, Info | None]]:
        """Return key, path and, for files, what is listed of a folder's entries, by key."""
        with as_unreadable(self.limits):
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
        return unquote_to_bytes(name) if self.url.startswith(b"http") else os.fsencode(name)
