"""Work in processes on this machine.

A thread in the caller's process waits for each call. That is all it does: there is no queue that
processes share, and no lock that one of them could hold when it dies, as there are in
`concurrent.futures.ProcessPoolExecutor`, which can wait for ever for the rest of a result whose
sender was killed. Here each worker has a pipe of its own, and its end ends that pipe alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from bnstat.engines.fork_server import ForkServer, warm_up
from bnstat.engines.signals import signals_held
from bnstat.engines.worker import Worker, WorkerLostError

P = ParamSpec("P")
T = TypeVar("T")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _WorkerPool(Executor):
    """Workers, started as they are needed, and a thread for each, which waits for its answers."""

    def __init__(self, server: ForkServer, size: int) -> None:
        self._server = server
        self._size = size
        self._workers: list[Worker] = []
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._threads = ThreadPoolExecutor(size)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if len(self._workers) < self._size:
            self._start_worker()
        return self._threads.submit(self._call, partial(fn, *args, **kwargs))

    def _start_worker(self) -> None:
        with signals_held():
            worker = Worker(self._server)
            self._workers.append(worker)
        self._idle.put(worker)

    def _call(self, task: Callable[[], T]) -> T:
        worker = self._idle.get()
        try:
            return worker.call(task)
        finally:
            self._idle.put(worker)  # a lost one too: it loses the next call at once

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End all workers, whatever they do, and wait for their end."""
        causes = self._server.end([worker.number for worker in self._workers])
        for worker, cause in zip(self._workers, causes, strict=True):
            worker.cause = cause
        self._threads.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()


class ProcessEngine:
    """Worker processes: a crash, a kill or a lack of memory in one does not reach the caller."""

    lost: tuple[type[BaseException], ...] = (WorkerLostError,)

    def __init__(self, workers: int, preload: Sequence[str] = ()) -> None:
        self.workers = workers
        self._preload = list(preload)

    @contextmanager
    def open(self, workers: int) -> Iterator[Executor]:
        """Start processes as they are needed; kill them when the context is left."""
        pool = _WorkerPool(warm_up(self._preload), workers)
        try:
            yield pool
        finally:
            # After an error or Ctrl-C nobody wants what still runs; after success nothing does.
            with signals_held():
                pool.shutdown()

    def cause(self, loss: BaseException) -> str:
        """Say by which signal or with which exit status a worker ended."""
        return loss.worker.cause if isinstance(loss, WorkerLostError) else "unknown"

    def close(self) -> None:
        """Do nothing, as nothing is kept."""
