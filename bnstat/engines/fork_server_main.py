"""The process that workers are forked from; `fork_server` is its caller's end.

It imports what workers need, once, and has a single thread, as forks must. Requests come through a
socket, which is its standard input at first:

    ("positions",)                    memory for the positions of workers, sent with it
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
from typing import NoReturn

from bnstat import position
from bnstat.engines.channel import Channel, place, places
from bnstat.engines.fork_server import receive, send
from bnstat.engines.starting import ending, leave_endings_to_caller
from bnstat.engines.worker import preload, serve


def main() -> None:
    """Fork workers until the caller has gone."""
    leave_endings_to_caller()
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
        self._positions = memoryview(b"")
        self._pids: dict[int, int] = {}
        self._failed: dict[int, str] = {}

    def serve(self) -> None:
        """Do what the next request asks for."""
        request, descriptor = receive(self._control)
        match request:
            case ("positions",):
                self._positions = places(descriptor)
                os.close(descriptor)
            case ("preload", path, modules):
                sys.path[:] = path
                preload(modules)
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
                self._become_worker(number, connection, folder)
            self._pids[number] = pid
        finally:
            os.close(connection)

    def _become_worker(self, number: int, connection: int, folder: str) -> NoReturn:
        try:
            self._control.close()
            os.chdir(folder)  # the caller may have changed to it since this process was started
            position.show_in(place(self._positions, number))
            serve(Channel.of_socket(socket.socket(fileno=connection)))
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


def _waited(pid: int) -> str:
    """Wait for the end of a process; say how it came, as in "signal 9"."""
    return ending(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
