"""Reading over networks: time limits, another try, errors in words; files at http and https.

fsspec reads whole bodies, however long they are, and waits for minutes or for ever. Here a body is
read as far as it may be, a long one goes on where it broke off, and errors are the server's words.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import cache
from io import BytesIO
from typing import Any, TypeAlias, TypeVar, cast

from bnstat.errors import BnstatError
from bnstat.sources.bounds import ReadLimits, SeekableFile, UnreadableError
from bnstat.text import printable, without_credentials

T = TypeVar("T")
Filesystem: TypeAlias = Any  # fsspec has no types of its own

_READ = 1 << 20
# The most bytes of a page that lists a folder: of some hundred thousand files.
_MAX_LISTED = 64 << 20
# Bytes to read at a time from an archive; the filesystems' own defaults are up to 50 MiB.
BLOCK = 8 << 20
# Seconds to wait before a request is tried again.
_PAUSES = (0.5, 1.0)
# Characters of what a server says.
_MAX_TOLD = 300
_BUSY = (429, 500, 502, 503, 504)


@contextmanager
def as_unreadable(limits: ReadLimits) -> Iterator[None]:
    """Raise UnreadableError for any error, as each filesystem has its own."""
    try:
        yield
    except UnreadableError:
        raise
    except BnstatError as error:
        raise UnreadableError(str(error)) from error
    except Exception as error:
        raise UnreadableError(f"cannot be read: {message(error, limits)}") from error


def message(error: Exception, limits: ReadLimits) -> str:
    """Return in one line what went wrong between us and a server or store."""
    error = _cause(error)
    if isinstance(error, TimeoutError):
        return f"nothing came for {limits.network_timeout or 0:g} s (--network-timeout)"
    told = _web_message(error) or " ".join(str(error).split()) or type(error).__name__
    return printable(without_credentials(told)[:_MAX_TOLD])


def _cause(error: Exception) -> Exception:
    """Return what fsspec has made FileNotFoundError, as it does of all that servers say."""
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def _web_message(error: Exception) -> str | None:
    if "aiohttp" not in sys.modules:
        return None
    import aiohttp
    from aiohttp.http import HttpProcessingError

    match error:
        case aiohttp.TooManyRedirects():
            return "the server redirects without end"
        case aiohttp.RedirectClientError():
            return "the server redirects to what is no web address, which is refused"
        case aiohttp.ClientResponseError() if isinstance(error.__cause__, HttpProcessingError):
            return "the server sends what is no HTTP"
        case aiohttp.ClientResponseError():
            return f"the server says {error.status} {error.message}".rstrip()
        case aiohttp.ClientPayloadError():
            return "the server ended before the file did"
    return None


def tried(call: Callable[[], T]) -> T:
    """Return what a call returns; it is tried three times where a web server or its net fails.

    The packages for stores try again by themselves.
    """
    for pause in _PAUSES:
        try:
            return call()
        except Exception as error:
            if not _may_pass(_cause(error)):
                raise
            time.sleep(pause)
    return call()


def _may_pass(error: Exception) -> bool:
    if "aiohttp" not in sys.modules:
        return False
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return error.status in _BUSY
    # A time limit has passed already; the others say the same again.
    lasting = (TimeoutError, aiohttp.ClientConnectorDNSError, aiohttp.ClientSSLError)
    passing = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)
    return isinstance(error, passing) and not isinstance(error, lasting)


def within(limits: ReadLimits, call: Callable[[], T], size: int = 0) -> T:
    """Return what a call returns, unless it takes longer than the network's time limit.

    A store says nothing while it reads `size` bytes, so it has that time for each block of them.
    """
    if limits.network_timeout is None:
        return call()
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return outcome.result(limits.network_timeout * (1 + size // BLOCK))


def is_web(url: bytes) -> bool:
    return url.startswith((b"http://", b"https://"))


@cache
def options(timeout: float | None) -> Mapping[str, Any]:
    """Return what fsspec's filesystem is made with: one session for each time limit."""
    import aiohttp

    class Page(aiohttp.ClientResponse):
        """A response, of which fsspec reads a list of files whole."""

        async def read(self) -> bytes:
            page = BytesIO()
            async for piece in self.content.iter_any():
                page.write(piece)
                if page.tell() > _MAX_LISTED:
                    size = f"{_MAX_LISTED >> 20} MiB"
                    raise UnreadableError(f"cannot be read: the list has more than {size}")
            self._body = page.getvalue()
            return self._body

    async def session(**given: Any) -> aiohttp.ClientSession:
        silence = aiohttp.ClientTimeout(total=None, sock_connect=timeout, sock_read=timeout)
        own = {"timeout": silence, "response_class": Page, "raise_for_status": _check_status}
        return aiohttp.ClientSession(**{**own, **given})

    return {"get_client": session}


async def _check_status(response: Any) -> None:
    if response.status != 416:  # what was asked for lies behind the end
        response.raise_for_status()


def read(
    fs: Filesystem, url: str, limits: ReadLimits, start: int = 0, end: int | None = None
) -> BytesIO:
    from fsspec.asyn import sync

    async def body() -> BytesIO:
        found = BytesIO()
        async with await _request(fs, url, start, end) as response:
            async for piece in response.content.iter_any():
                found.write(piece)
                if end is None:
                    limits.check_read(found.tell())
                elif found.tell() >= end - start:
                    response.close()
                    break
        found.truncate(found.tell() if end is None else min(found.tell(), end - start))
        found.seek(0)
        return found

    return cast(BytesIO, tried(lambda: sync(fs.loop, body)))


async def _request(fs: Filesystem, url: str, start: int, end: int | None = None) -> Any:
    """Return the response to a request for the bytes from start to end."""
    session = await fs.set_session()
    headers = {**fs.kwargs.get("headers", {}), "Accept-Encoding": "identity"}
    if start or end is not None:
        headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    response = await session.get(fs.encode_url(url), **{**fs.kwargs, "headers": headers})
    if start and response.status == 200:
        response.close()
        raise UnreadableError("cannot be read: the server gives no ranges of bytes")
    return response


class WebFile(SeekableFile):
    """A file on a server: one request for as long as it is read on, another where it is not."""

    def __init__(self, fs: Filesystem, url: str, limits: ReadLimits) -> None:
        self._fs, self._url, self._limits = fs, url, limits
        self._at = 0
        self._response: Any = None
        self._has_ranges = False
        self._size: int | None = None

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with as_unreadable(self._limits):
            most = _READ if self._size is None else max(0, self._size - self._at)
            data = tried(lambda: self._next(min(len(buffer), _READ, most)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _next(self, size: int) -> bytes:
        """Return the next bytes; a request that fails is forgotten, and the next goes on there."""
        from fsspec.asyn import sync

        if size == 0:
            return b""
        try:
            if self._response is None:
                self._response = sync(self._fs.loop, _request, self._fs, self._url, self._at)
                self._has_ranges = self._response.headers.get("Accept-Ranges") == "bytes"
            if self._response.status == 416:
                return b""
            data: bytes = sync(self._fs.loop, self._response.content.read, size)
            return data
        except BaseException:
            self._end_request()
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at}.get(whence)
        to = max(0, offset + (self._length() if origin is None else origin))
        near = to - self._at <= _READ or not self._has_ranges
        if self._response is not None and self._at < to and near:
            buffer = memoryview(bytearray(min(to - self._at, _READ)))
            while self._at < to and self.readinto(buffer[: to - self._at]):
                pass
        elif to != self._at:
            self._end_request()
        self._at = to
        return to

    def _length(self) -> int:
        if self._size is None:
            with as_unreadable(self._limits):
                self._size = tried(lambda: self._fs.info(self._url))["size"]
        if self._size is None:
            raise UnreadableError("cannot be read: the server does not say how long it is")
        return self._size

    def _end_request(self) -> None:
        if self._response is not None:
            self._fs.loop.call_soon_threadsafe(self._response.close)
        self._response = None

    def close(self) -> None:
        with suppress(RuntimeError):  # the loop has ended before
            self._end_request()
        super().close()
