"""The process that workers are forked from; `fork_server` is its caller's end.

It imports what workers need, once, and has a single thread, as forks must. Requests come through a
socket, which is its standard input at first:

    ("preload", sys.path, modules)    imports them
    ("fork", number, folder)          forks a worker that serves the connection sent with it
    ("end", numbers)                  kills these workers; answers how each of them has ended

The caller's end of the socket is closed when the caller has gone, however it went; then this
process ends, and so does each worker by itself.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from typing import NoReturn

from bnstat.engines.fork_server import ENDING, receive, send
from bnstat.engines.worker import serve


def main() -> None:
    """Fork workers until the caller has gone."""
    for number in (signal.SIGINT, signal.SIGHUP):  # Ctrl-C reaches all; the caller decides
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    server = _Server(_control())
    with suppress(EOFError, OSError):
        while True:
            server.serve()


def _control() -> socket.socket:
    """Return the socket, and leave standard input empty: it is not the workers' to read."""
    control = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return control


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pids: dict[int, int] = {}
        self._failed: dict[int, str] = {}

    def serve(self) -> None:
        """Do what the next request asks for."""
        request, descriptor = receive(self._control)
        match request:
            case ("preload", path, modules):
                _preload(path, modules)
            case ("fork", number, folder):
                self._fork(number, folder, descriptor)
            case ("end", numbers):
                send(self._control, self._end(numbers))

    def _fork(self, number: int, folder: str, connection: int) -> None:
        if connection < 0:
            self._failed[number] = "too many open files"
            return
        try:
            pid = os.fork()
        except OSError as error:
            self._failed[number] = f"it cannot be started: {error.strerror}"
        else:
            if pid == 0:
                self._become_worker(connection, folder)
            self._pids[number] = pid
        finally:
            os.close(connection)

    def _become_worker(self, connection: int, folder: str) -> NoReturn:
        try:
            serve(Connection(connection), self._control, folder)
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)

    def _end(self, numbers: Sequence[int]) -> list[str]:
        """Kill workers; say how each has ended, which it may have done before."""
        pids = [self._pids[number] for number in numbers if number in self._pids]
        for pid in pids:  # all at once; none was waited for, so the numbers are still theirs
            os.kill(pid, signal.SIGKILL)
        ends = dict(zip(pids, map(_waited, pids), strict=True))
        return [
            ends[self._pids.pop(number)] if number in self._pids else self._failed.pop(number, "")
            for number in numbers
        ]


def _preload(path: list[str], modules: Sequence[str]) -> None:
    sys.path[:] = path
    for module in modules:
        with suppress(Exception):  # a worker that needs it will say so
            import_module(module)


def _waited(pid: int) -> str:
    """Wait for the end of a process; say how it came, as in "signal 9"."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return f"signal {-code}" if code < 0 else f"exit status {code}"
