"""What a worker process does: calls come in, answers go out."""

from __future__ import annotations

import os
import pickle
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from queue import SimpleQueue

from bnstat import position
from bnstat.engines.channel import Channel, Handle, place, places
from bnstat.engines.starting import leave_endings_to_caller


def spawned(number: int, positions: Handle, modules: Sequence[str]) -> None:
    """Be a worker that is an interpreter of its own; its standard streams are the channel."""
    leave_endings_to_caller()
    channel = Channel.of_pipes(os.dup(0), os.dup(1))
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)  # what decoders print goes where errors go
    except OSError:  # it is closed
        os.dup2(nothing, 1)
    os.close(nothing)
    position.show_in(place(places(positions), number))
    preload(modules)
    serve(channel)


def preload(modules: Sequence[str]) -> None:
    for module in modules:
        with suppress(Exception):  # work that needs it will say so
            import_module(module)


def serve(channel: Channel) -> None:
    """Answer calls until the caller has gone."""
    keep_freed_memory()
    calls: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_receive, args=(channel, calls), daemon=True).start()
    with suppress(OSError):
        while True:
            channel.send(answer(calls.get()))


def _receive(channel: Channel, calls: SimpleQueue[bytes]) -> None:
    """Take in calls beside what is done; end this process when the caller has gone."""
    with suppress(EOFError, OSError):
        while True:
            calls.put(channel.receive())
    os._exit(1)


def answer(call: bytes) -> bytes:
    """Make a pickled call; return a pickled (result, None) or (None, error)."""
    position.nowhere()
    try:
        return pickle.dumps((pickle.loads(call)(), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        text = "".join(traceback.format_exception(error))  # only text can travel
        error.add_note(text)
        try:
            whole = pickle.dumps((None, error))
            pickle.loads(whole)  # some errors cannot be made again from what was pickled
        except Exception:
            return pickle.dumps((None, RuntimeError(text)))
        return whole
    finally:
        position.nowhere()


def keep_freed_memory() -> None:
    """Let the next image have the last one's memory.

    glibc would give it back, and the kernel would hand out zeroed pages again for each image; this
    saves 5 to 8 % of the time to decode photographs (docs/benchmarks.md). A worker holds
    one image at a time, so that its memory stays that of the largest.
    """
    import ctypes

    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of <malloc.h>
    with suppress(OSError, AttributeError, TypeError):  # TypeError: not on Windows
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 32 << 20)  # the most that 64-bit glibc takes
        libc.mallopt(trim_threshold, 2**31 - 1)
