"""Work in processes on this machine.

Workers are forked from a server that has imported what they need, once (or spawned, where there is
no forkserver). Neither may run the caller's `__main__` again, as multiprocessing would: an
unguarded script would start itself anew, and a notebook or `python -` has no file to run.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any

_METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_CONTEXT = multiprocessing.get_context(_METHOD)
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ProcessEngine:
    """Worker processes: a crash, a kill or a lack of memory in one does not reach the caller."""

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, workers: int, preload: Sequence[str] = ()) -> None:
        self.workers = workers
        self._preload = list(preload)
        self._exit_codes: list[int | None] = []

    @contextmanager
    def open(self, workers: int) -> Iterator[Executor]:
        """Start processes as they are needed; kill them when the context is left."""
        started: list[BaseProcess] = []
        context = _recording(started)
        warm_up(self._preload)
        with _signals_held():
            executor = ProcessPoolExecutor(
                workers, context, initializer=_prepare_worker, initargs=(os.getcwd(),)
            )
        try:
            yield executor
        finally:
            # After an error or Ctrl-C nobody wants what still runs; after success nothing does.
            with _signals_held():
                self._exit_codes = _ended(executor, started)

    def cause(self) -> str:
        """Say by which signal or with which exit status the last, single worker ended."""
        code = self._exit_codes[0] if self._exit_codes else None
        if code is None:
            return "unknown"
        return f"signal {-code}" if code < 0 else f"exit status {code}"


def warm_up(preload: Sequence[str]) -> None:
    """Start the fork server, which imports what workers need, beside what the caller does.

    Where it runs already this does nothing.
    """
    if _METHOD == "forkserver":
        from multiprocessing import forkserver, resource_tracker

        with _signals_held():  # apart, as starting it lets signals through again
            resource_tracker.ensure_running()
        _CONTEXT.set_forkserver_preload(list(preload))
        with _empty_main(), _signals_held():
            forkserver.ensure_running()


def _ended(executor: ProcessPoolExecutor, started: list[BaseProcess]) -> list[int | None]:
    """Kill all workers and wait for their end; return their exit codes."""
    for process in started:
        if process.pid is not None:  # else it has not come to start
            process.kill()
    # A worker may have died amid sending a result. The pool's thread would wait for the rest for
    # ever, as long as this process holds the pipe's other end too.
    executor._result_queue._writer.close()  # type: ignore[attr-defined]
    pool_thread: threading.Thread | None = executor._executor_manager_thread  # type: ignore[assignment]
    executor.shutdown(wait=False, cancel_futures=True)
    if pool_thread is not None:
        pool_thread.join(5.0)  # it may wait for its own sender, which nobody reads any more
    return [process.exitcode for process in started]


class _Worker(_CONTEXT.Process):  # type: ignore[name-defined, misc]
    """A process that starts without the caller's `__main__`, and undisturbed."""

    def start(self) -> None:
        with _empty_main(), _signals_held():
            super().start()


def _recording(started: list[BaseProcess]) -> Any:
    """Return a multiprocessing context that adds each process it makes to `started`."""

    def process(*args: Any, **kwargs: Any) -> BaseProcess:
        worker = _Worker(*args, **kwargs)
        started.append(worker)
        return worker

    context: BaseContext = type(_CONTEXT)()
    context.Process = process  # type: ignore[attr-defined]
    return context


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
def _signals_held() -> Iterator[None]:
    """Let signals that end a run wait until a process has started, or all have ended.

    They are blocked, which the new process inherits: it would die of Ctrl-C with a traceback. And
    they are put off here, as another thread may receive them for this one.
    """
    held: list[int] = []
    handlers = _deferred(held) if threading.current_thread() is threading.main_thread() else {}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
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
    handlers = {number: signal.getsignal(number) for number in _ENDING}
    ours: dict[int, Any] = {
        number: handler for number, handler in handlers.items() if callable(handler)
    }
    for number in ours:
        signal.signal(number, lambda number, frame: held.append(number))
    return ours


def _prepare_worker(folder: str) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):  # the caller decides what becomes of it
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    os.chdir(folder)  # multiprocessing goes to where the caller was when it was imported
    threading.Thread(target=_follow_parent, daemon=True).start()
    _keep_freed_memory()


def _follow_parent() -> None:
    """End this worker when the caller has gone, killed perhaps, without a word."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _keep_freed_memory() -> None:
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
