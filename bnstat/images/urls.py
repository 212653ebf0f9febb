"""Reading URLs through fsspec: s3://, gs://, https://, memory://, zip://...::...

Each process makes its own filesystem objects, which fsspec caches. The package of a protocol is for
the user to install; an error names a missing one with its pip command.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import IO, Any, TypeAlias, cast

from bnstat.errors import BnstatError, SourceError
from bnstat.images.reference import Reference, UnreadableError, with_bytes
from bnstat.text import printable

Filesystem: TypeAlias = Any  # fsspec has no types of its own
Info: TypeAlias = Mapping[str, Any]

_URL = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*(://|::.*://)")
# Bytes to read at a time from an archive; the filesystems' own defaults are up to 50 MiB.
_BLOCK = 8 << 20
# Modules that differ in name from their package.
_PACKAGES = {"smbclient": "smbprotocol", "git": "pygit2", "webhdfs": "requests"}


def is_url(location: bytes) -> bool:
    """Whether a location begins with a protocol, and is for fsspec to open."""
    return _URL.match(location) is not None


def filesystem(url: bytes) -> tuple[Filesystem, str]:
    """Return the filesystem of a URL, and the path in it.

    Raises
    ------
    SourceError
        If fsspec does not know the protocol, or a package for it is missing.
    """
    text = os.fsdecode(url)
    head, chain, rest = text.partition("::")
    protocol, separator, path = head.partition("://")
    if chain and separator:
        return _archive(f"{protocol}://::{rest}"), path
    return _found(text)


@lru_cache(maxsize=4)
def _archive(url: str) -> Filesystem:
    """Return the filesystem in an archive; fsspec would read its directory for each member."""
    return _found(url)[0]


def _found(url: str) -> tuple[Filesystem, str]:
    from fsspec.core import url_to_fs

    try:
        return cast(tuple[Filesystem, str], url_to_fs(url))
    except ImportError as error:
        module = getattr(error.__cause__ or error, "name", None) or "fsspec[full]"
        package = _PACKAGES.get(module.partition(".")[0], module.partition(".")[0])
        raise SourceError(f"{url} needs the package {package}: pip install {package}") from error
    except ValueError as error:
        raise SourceError(f"cannot read {url}: {error}") from error
    except Exception as error:  # each filesystem has its own errors
        raise SourceError(f"cannot read {url}: {_message(error)}") from error


def url_of(url: bytes, path: str) -> bytes:
    """Return the URL of another path in the filesystem of a URL."""
    head, chain, rest = url.partition(b"::")
    if chain and b"://" in head:
        return head.partition(b"://")[0] + b"://" + os.fsencode(path) + chain + rest
    fs, _ = filesystem(url)
    below = os.fsencode(fs.unstrip_protocol(path)).replace(b"memory:///", b"memory://")
    return head + chain + below if chain else below


def workers_can_open(url: bytes) -> bool:
    """Whether other processes can read it; `memory://` belongs to this process."""
    return b"memory:" not in url


@contextmanager
def as_unreadable() -> Iterator[None]:
    """Raise UnreadableError for any error, as each filesystem has its own."""
    try:
        yield
    except BnstatError as error:
        raise UnreadableError(str(error)) from error
    except Exception as error:
        raise UnreadableError(f"cannot be read: {_message(error)}") from error


def _message(error: Exception) -> str:
    return printable(" ".join(str(error).split()) or type(error).__name__)


def open_url(url: bytes) -> IO[bytes]:
    """Open the file at a URL for reading from its beginning."""
    fs, path = filesystem(url)
    return cast(IO[bytes], fs.open(path, "rb", block_size=_BLOCK))


def read(url: bytes, start: int | None = None, end: int | None = None) -> bytes:
    """Return the bytes from start to end of the file at a URL."""
    with as_unreadable():
        fs, path = filesystem(url)
        return cast(bytes, fs.cat_file(path, start=start, end=end))


@dataclass(frozen=True)
class Remote:
    """The whole of the file at a URL."""

    def open(self, reference: Reference) -> IO[bytes]:
        """Read it, and return it as a file."""
        return BytesIO(read(reference.path))


def info(url: bytes) -> Info:
    """Return what a filesystem says of a URL."""
    with as_unreadable():
        fs, path = filesystem(url)
        return cast(Info, fs.info(path))


def expand_wildcards(pattern: bytes) -> list[tuple[bytes, Info]]:
    """Return URL and listed information of everything that matches a pattern at a URL."""
    fs, path = filesystem(pattern)
    with as_unreadable():
        found = fs.glob(path, detail=True)
    return [(url_of(pattern, name), known) for name, known in found.items()]


def url_reference(key: bytes, url: bytes, known: Info | None = None) -> Reference:
    """Return the reference to an image at a URL, with its bytes if workers cannot open it.

    known: what a listing says of it.
    """
    try:
        about = known if known and known.get("size") is not None else info(url)
    except UnreadableError as error:
        return Reference(key, url, 0, 0, str(error))
    reference = Reference(key, url, about.get("size") or 0, 0, None, Remote(), _tag(about))
    return reference if workers_can_open(url) else with_bytes(reference)


def _tag(about: Info) -> bytes:
    """Return what changes with the content: an ETag, or else a time of change."""
    names = ("ETag", "etag", "Content-MD5", "md5Hash", "CRC", "crc32c", "Last-Modified")
    times = ("LastModified", "last_modified", "mtime", "updated", "created")
    for name in (*names, *times):
        if about.get(name) is not None:
            return str(about[name]).encode()
    return b"?"
