"""One worker process, as its caller sees it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import TypeVar

from bnstat.engines.forking import prepared, start
from bnstat.engines.serving import serve

T = TypeVar("T")


class WorkerLostError(Exception):
    """A worker ended before it answered."""

    def __init__(self, process: BaseProcess) -> None:
        super().__init__("a worker was lost")
        self._process = process

    def cause(self) -> str:
        """Say how the worker ended, as in "signal 9"; ask when its executor has been left."""
        code = self._process.exitcode
        if code is None:
            return "unknown"
        return f"signal {-code}" if code < 0 else f"exit status {code}"


class Worker:
    """A process, and a pipe of its own: whatever ends the process, the end of the pipe says so."""

    def __init__(self) -> None:
        self._process, self._connection, theirs = prepared(serve, os.getcwd())
        try:
            start(self._process)
        except (OSError, EOFError) as loss:  # it ended before it had read what it is to do
            raise WorkerLostError(self._process) from loss
        finally:
            theirs.close()  # so that the end of the process is the end of what it sends

    def call(self, task: Callable[[], T]) -> T:
        """Return what a task returns in the process, or raise what it raises there."""
        call = pickle.dumps(task, pickle.HIGHEST_PROTOCOL)
        try:
            self._connection.send_bytes(call)
            answer: tuple[T, Exception | None] = pickle.loads(self._connection.recv_bytes())
        except (EOFError, OSError) as loss:
            raise WorkerLostError(self._process) from loss
        result, error = answer
        if error is not None:
            raise error
        return result

    def kill(self) -> None:
        """End the process, whatever it does; calls raise `WorkerLostError`."""
        self._process.kill()

    def join(self) -> None:
        """Wait until the process has ended, and let go of the pipe, which no call may use."""
        self._process.join()
        self._connection.close()
