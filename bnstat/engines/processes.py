"""Work in processes on this machine.

A thread in the caller's process waits for each worker. That is all it does: there is no queue that
processes share, and no lock that one of them could hold when it dies, as there are in
`concurrent.futures.ProcessPoolExecutor`, which can wait for ever for the rest of a result whose
sender was killed. Here each worker has a channel of its own, and its end ends that channel alone.
Its thread then starts another one in its place.

A worker that takes longer for an image than the time limit is ended from outside, as no decoder can
prevent: another thread looks now and then at which image each of them is.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

from bnstat.engines.engine import WorkerLostError, Workers
from bnstat.engines.starting import Spawning, StartMethod, WorkerProcess, signals_held
from bnstat.errors import MeasureError
from bnstat.position import NOWHERE

P = ParamSpec("P")
T = TypeVar("T")

# Between two looks at the workers' positions, in seconds: a tenth of the time limit, within these.
_SHORTEST_LOOK, _LONGEST_LOOK = 0.01, 0.5


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def warm_up(modules: Sequence[str], start_method: str | None = None) -> None:
    """Start what workers are forked from, if they are, and go on meanwhile."""
    if _forks(start_method):
        start(start_method, modules)


def start(method: str | None, modules: Sequence[str]) -> StartMethod:
    """Return a start method, or the system's own; workers have these modules imported."""
    if not _forks(method):
        return Spawning(modules)
    from bnstat.engines.fork_server import Forking

    return Forking(modules)


def _forks(method: str | None) -> bool:
    """Whether workers are forked: where the system can do that, unless otherwise asked for."""
    can = all(hasattr(os, name) for name in ("fork", "posix_spawn"))
    if method == "fork" and not can:
        raise MeasureError("this system cannot fork processes; leave out --start-method")
    return can and method != "spawn"


class ProcessEngine:
    """Worker processes: a crash, a kill or a lack of memory in one does not reach the caller.

    They are started as they are needed, and serve one opening after another. `timeout` is what they
    may take for an image, in seconds.
    """

    def __init__(
        self,
        workers: int,
        preload: Sequence[str] = (),
        *,
        timeout: float | None = None,
        start_method: str | None = None,
    ) -> None:
        self.workers = workers
        self._preload = list(preload)
        self._timeout = timeout or None
        self._start_method = start_method
        self._pool: _Pool | None = None

    @contextmanager
    def open(self) -> Iterator[Workers]:
        """Give the processes; they are killed if any is busy when the context is left."""
        if self._pool is None:
            method = start(self._start_method, self._preload)
            self._pool = _Pool(method, self.workers, self._timeout)
        try:
            yield self._pool
        finally:
            # After an error or Ctrl-C nobody wants what still runs.
            if not self._pool.idle:
                self.close()

    def close(self) -> None:
        """Kill all workers, and wait for their end."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with signals_held():
                pool.close()


@dataclass
class _Call:
    """A call that waits for a worker, or is with one; `alone`: while all others are idle."""

    task: Callable[[], Any]
    alone: bool = False
    future: Future[Any] = field(default_factory=Future)


class _Pool:
    """Workers, a thread for each, and the calls that wait for them."""

    def __init__(self, start: StartMethod, size: int, timeout: float | None) -> None:
        self._start = start
        self._size = size
        self._timeout = timeout
        self._workers: list[_Worker] = []
        self._threads: list[threading.Thread] = []
        self._waiting: deque[_Call] = deque()
        self._busy: list[_Call] = []
        self._changed = threading.Condition()
        self._closed = threading.Event()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._add(_Call(partial(fn, *args, **kwargs)), self._waiting.append)

    def retry(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._add(_Call(partial(fn, *args, **kwargs)), self._waiting.appendleft)

    def retry_alone(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return self._add(_Call(partial(fn, *args, **kwargs), alone=True), self._waiting.appendleft)

    def _add(self, call: _Call, add: Callable[[_Call], None]) -> Future[Any]:
        with self._changed:
            add(call)
            if len(self._workers) < min(self._size, len(self._busy) + len(self._waiting)):
                self._add_worker()
            self._changed.notify_all()
        return call.future

    def _add_worker(self) -> None:
        if self._timeout is not None and not self._workers:
            self._run(self._watch)
        self._workers.append(_Worker(self._start, self._timeout))
        self._run(self._work, self._workers[-1])

    def _run(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    @property
    def idle(self) -> bool:
        with self._changed:
            return not self._busy and not self._waiting

    def _work(self, worker: _Worker) -> None:
        """Give one worker call after call."""
        while (call := self._next()) is not None:
            try:
                result = worker.call(call.task)
            except BaseException as error:
                self._done(call)
                call.future.set_exception(error)
            else:
                self._done(call)
                call.future.set_result(result)
                del result

    def _next(self) -> _Call | None:
        """Wait for the next call; None when the pool is closed."""
        with self._changed:
            self._changed.wait_for(self._may_go_on)
            if self._closed.is_set():
                return None
            self._busy.append(self._waiting.popleft())
            return self._busy[-1]

    def _may_go_on(self) -> bool:
        if self._closed.is_set() or not self._waiting:
            return self._closed.is_set()
        return not any(self._waiting[0].alone or call.alone for call in self._busy)

    def _done(self, call: _Call) -> None:
        with self._changed:
            self._busy.remove(call)
            self._changed.notify_all()

    def _watch(self) -> None:
        """Look now and then whether a worker takes too long for an image."""
        assert self._timeout is not None
        wait = min(max(self._timeout / 10, _SHORTEST_LOOK), _LONGEST_LOOK)
        before = time.monotonic()
        while not self._closed.wait(wait):
            now = time.monotonic()
            for worker in list(self._workers):  # what this process slept is nobody's fault
                worker.look(min(now - before, 2 * wait))
            before = now

    def close(self) -> None:
        """End all workers, whatever they do, and wait for their end."""
        with self._changed:
            self._closed.set()
            self._changed.notify_all()
        for call in self._waiting:
            call.future.cancel()
        running = [process for worker in self._workers if (process := worker.retire())]
        self._start.end(running)
        for thread in self._threads:
            thread.join()
        for process in running:
            process.channel.close()


class _Worker:
    """One worker after another, as long as they are lost; each is started when it is needed."""

    def __init__(self, start: StartMethod, timeout: float | None) -> None:
        self._start = start
        self._timeout = timeout
        self._process: WorkerProcess | None = None
        self._retired = False
        self._lock = threading.Lock()
        self._calls = 0
        self._seen = self._overdue = (0, NOWHERE)  # the number of a call, and an image of it
        self._seconds = 0.0

    def call(self, task: Callable[[], T]) -> T:
        """Return what a task returns in the process, or raise what it raises there."""
        call = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
        process = self._running()
        self._calls += 1
        try:
            process.channel.send(call)
            del call
            answer: tuple[T, Exception | None] = pickle.loads(process.channel.receive())
        except (EOFError, OSError) as loss:
            raise self._lost(process) from loss
        result, error = answer
        if error is not None:
            raise error
        return result

    def _running(self) -> WorkerProcess:
        with self._lock:
            if self._retired:
                raise WorkerLostError
            if self._process is None:
                self._process = self._start.start()
            return self._process

    def _lost(self, process: WorkerProcess) -> WorkerLostError:
        """Say how the process has ended, and at which image."""
        (cause,) = self._start.end([process])
        with self._lock:
            if not self._retired:
                process.channel.close()
                self._process = None
        row = process.place[0]
        overdue = self._timeout if self._overdue == (self._calls, row) else None
        return WorkerLostError(cause, None if row == NOWHERE else row, overdue)

    def look(self, seconds: float) -> None:
        """End the process if it takes too long for an image, `seconds` after the last look."""
        process = self._process
        seen = (self._calls, process.place[0] if process else NOWHERE)
        self._seconds = self._seconds + seconds if seen == self._seen else 0.0
        self._seen = seen
        overdue = self._timeout is not None and self._seconds >= self._timeout
        if process is not None and seen[1] != NOWHERE and overdue:
            self._overdue = seen
            self._start.end([process])

    def retire(self) -> WorkerProcess | None:
        """Start no process any more; return the one that runs."""
        with self._lock:
            self._retired = True
            return self._process
