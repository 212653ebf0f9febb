"""How a process starts: without the caller's `__main__`, and undisturbed.

Workers are forked from a server that has imported what they need, once (or spawned, where there is
no forkserver). Neither may run the caller's `__main__` again, as multiprocessing would: an
unguarded script would start itself anew, and a notebook or `python -` has no file to run.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_CONTEXT = multiprocessing.get_context(_METHOD)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def warm_up(preload: Sequence[str]) -> None:
    """Start the fork server, which imports what workers need, beside what the caller does.

    Where it runs already this does nothing.
    """
    if _METHOD == "forkserver":
        from multiprocessing import forkserver, resource_tracker

        with _safe_path(), signals_held():  # apart, as starting it lets signals through again
            resource_tracker.ensure_running()
        _CONTEXT.set_forkserver_preload(list(preload))
        with _empty_main(), _safe_path(), signals_held():
            forkserver.ensure_running()


def prepared(
    serve: Callable[..., None], *arguments: object
) -> tuple[BaseProcess, Connection, Connection]:
    """Return a process that will call `serve(connection, *arguments)`, the caller's end and its."""
    ours, theirs = _CONTEXT.Pipe()
    # A daemon, so that multiprocessing ends it if the caller exits without leaving the context.
    process = _CONTEXT.Process(  # type: ignore[attr-defined]
        target=serve, args=(theirs, *arguments), daemon=True
    )
    return process, ours, theirs


def start(process: BaseProcess) -> None:
    """Start a process, without the caller's `__main__`."""
    with _empty_main(), _safe_path():
        process.start()


@contextmanager
def _empty_main() -> Iterator[None]:
    """Hide the caller's `__main__`: multiprocessing tells a new process to run what it finds."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _safe_path() -> Iterator[None]:
    """Keep new interpreters from looking for modules in the current folder.

    multiprocessing starts them with `python -c`, which looks there first of all: in a folder of
    images that a stranger made, a `threading.py` would be run.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTHONSAFEPATH"]
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def signals_held() -> Iterator[None]:
    """Let signals that end a run wait until a process has started, or all have ended.

    They are blocked, which the new process inherits: it would die of Ctrl-C with a traceback. And
    they are put off here, as another thread may receive them for this one.
    """
    held: list[int] = []
    handlers = _deferred(held) if threading.current_thread() is threading.main_thread() else {}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)


def _deferred(held: list[int]) -> dict[int, Any]:
    """Have signals with a handler of Python's noted in `held`; return the handlers."""
    handlers = {number: signal.getsignal(number) for number in ENDING}
    ours: dict[int, Any] = {
        number: handler for number, handler in handlers.items() if callable(handler)
    }
    for number in ours:
        signal.signal(number, lambda number, frame: held.append(number))
    return ours
