"""Work in processes on this machine.

A thread in the caller's process waits for each call. That is all it does: there is no queue that
processes share, and no lock that one of them could take into its grave, as there are in
`concurrent.futures.ProcessPoolExecutor`, which can wait for ever for the rest of a result whose
sender was killed. Here each worker has a pipe of its own, and its end ends that pipe alone.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from bnstat.engines.forking import signals_held, warm_up
from bnstat.engines.worker import Worker, WorkerLostError

P = ParamSpec("P")
T = TypeVar("T")

# Calls for each worker: one that it is busy with, and the next, ready in its pipe.
_CALLS = 2


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Crew(Executor):
    """Workers, started as they are needed, and a thread for each call that they can take."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._calls: dict[Worker, int] = {}
        self._counting = threading.Lock()
        self._threads = ThreadPoolExecutor(_CALLS * size)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if len(self._calls) < self._size:
            with signals_held():
                worker = Worker()
                self._calls[worker] = 0
        return self._threads.submit(self._call, partial(fn, *args, **kwargs))

    def _call(self, task: Callable[[], T]) -> T:
        with self._counting:
            worker = min(self._calls, key=self._calls.__getitem__)
            self._calls[worker] += 1
        try:
            return worker.call(task)
        finally:
            with self._counting:
                self._calls[worker] -= 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all workers, whatever they do, and wait for their end."""
        for worker in self._calls:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._calls:
            worker.join()


class ProcessEngine:
    """Worker processes: a crash, a kill or a lack of memory in one does not reach the caller."""

    lost: tuple[type[BaseException], ...] = (WorkerLostError,)

    def __init__(self, workers: int, preload: Sequence[str] = ()) -> None:
        self.workers = workers
        self._preload = list(preload)

    @contextmanager
    def open(self, workers: int) -> Iterator[Executor]:
        """Start processes as they are needed; kill them when the context is left."""
        warm_up(self._preload)
        crew = _Crew(workers)
        try:
            yield crew
        finally:
            # After an error or Ctrl-C nobody wants what still runs; after success nothing does.
            with signals_held():
                crew.shutdown()

    def cause(self, loss: BaseException) -> str:
        """Say by which signal or with which exit status a worker ended."""
        return loss.cause() if isinstance(loss, WorkerLostError) else "unknown"
