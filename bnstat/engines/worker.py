"""One worker process, as its caller sees it."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from multiprocessing.connection import Pipe
from typing import TypeVar

from bnstat.engines.fork_server import ForkServer

T = TypeVar("T")


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
