"""What a worker process does: calls come in, answers go out."""

from __future__ import annotations

import ctypes
import os
import pickle
import select
import threading
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from socket import socket


def serve(connection: Connection, control: socket, folder: str) -> None:
    """Answer calls in the caller's folder until the caller has gone."""
    os.chdir(folder)  # the caller may have changed to it since the fork server was started
    threading.Thread(target=_end_with_caller, args=(control,), daemon=True).start()
    keep_freed_memory()
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


def _end_with_caller(control: socket) -> None:
    """End this worker when the caller has closed the fork server's socket, or was killed."""
    closed = select.poll()
    closed.register(control.fileno(), 0)  # nothing but the other end's being closed
    closed.poll()
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
