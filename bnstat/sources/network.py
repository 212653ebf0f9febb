"""What reading over a network may take: time, another try, and words for what went wrong."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from bnstat.errors import BnstatError
from bnstat.sources.limits import ReadLimits, UnreadableError
from bnstat.text import printable, without_credentials

T = TypeVar("T")

# Bytes to read at a time from an archive; the filesystems' own defaults are up to 50 MiB.
BLOCK = 8 << 20
# Seconds to wait before a request is tried again.
_PAUSES = (0.5, 1.0)
# Characters of what a server says.
_MOST_TOLD = 300
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
    return printable(without_credentials(told)[:_MOST_TOLD])


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

    Raises
    ------
    TimeoutError
        If it takes longer; the call goes on in a thread that ends with the process.
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
