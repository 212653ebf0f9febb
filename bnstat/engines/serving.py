"""What a worker process does: calls come in, what they return goes out."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection

from bnstat.engines.forking import ENDING


def serve(connection: Connection, folder: str) -> None:
    """Answer calls in the caller's folder until the caller has gone."""
    _prepare(folder)
    with suppress(EOFError, OSError):
        while True:
            connection.send_bytes(answer(connection.recv_bytes()))


def answer(call: bytes) -> bytes:
    """Run a pickled task; return a pickled (result, None) or (None, error)."""
    try:
        return pickle.dumps((pickle.loads(call)(), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))  # only text can travel
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    try:
        whole = pickle.dumps((None, error))
        pickle.loads(whole)  # some errors cannot be made again from what was pickled
    except Exception:
        return pickle.dumps((None, RuntimeError("".join(traceback.format_exception(error)))))
    return whole


def _prepare(folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):  # the caller decides what becomes of it
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    os.chdir(folder)  # multiprocessing goes to where the caller was when it was imported
    threading.Thread(target=_follow_parent, daemon=True).start()
    keep_freed_memory()


def _follow_parent() -> None:
    """End this worker when the caller has gone, killed perhaps, without a word."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def keep_freed_memory() -> None:
    """Let the next image have the last one's memory.

    glibc would give it back, and the kernel would hand out zeroed pages again for each image; this
    saves 5 to 8 % of the time to decode photographs (docs/benchmarks.md). A worker holds
    one image at a time, so that its memory stays that of the largest.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of <malloc.h>
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 << 20)  # the most that 64-bit glibc takes
        libc.mallopt(trim_threshold, 2**31 - 1)
