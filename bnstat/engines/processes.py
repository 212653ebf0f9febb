"""Work in processes on this machine.

A thread in the caller's process waits for each call. That is all it does: there is no queue that
processes share, and no lock that one of them could hold when it dies, as there are in
`concurrent.futures.ProcessPoolExecutor`, which can wait for ever for the rest of a result whose
sender was killed. Here each worker has a pipe of its own, and its end ends that pipe alone.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Pipe
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from bnstat.engines.fork_server import ForkServer, signals_held, warm_up

P = ParamSpec("P")
T = TypeVar("T")


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerLostError(Exception):
    """A worker ended before it answered."""

    def __init__(self, worker: Worker) -> None:
        super().__init__("a worker was lost")
        self.worker = worker


class Worker:
    """A process, and a pipe of its own: whatever ends the process, the end of the pipe says so.

    Attributes
    ----------
    cause
        How it ended, as in "signal 9"; "unknown" until it is known.
    """

    def __init__(self, server: ForkServer) -> None:
        self.cause = "unknown"
        self._connection, theirs = Pipe()
        try:
            self.number = server.fork(theirs, os.getcwd())
        except OSError as loss:  # the server has gone
            raise WorkerLostError(self) from loss
        finally:
            theirs.close()  # so that the end of the process is the end of what it sends

    def call(self, task: Callable[[], T]) -> T:
        """Return what a task returns in the process, or raise what it raises there."""
        call = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
        try:
            self._connection.send_bytes(call)
            answer: tuple[T, Exception | None] = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError) as loss:
            raise WorkerLostError(self) from loss
        result, error = answer
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Close the pipe; no call may be under way."""
        self._connection.close()


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
