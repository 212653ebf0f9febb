"""How workers start where processes can fork: from one that has imported what they need.

multiprocessing has a fork server too. It imports what it is told to before it starts, and nothing
later; it runs the caller's `__main__` in each worker; and it leaves a socket in the temporary
folder behind when the caller is ended by a signal. This one is a process of a run's own, at the
other end of a socket without a name: `ForkServer` is its caller's end, `main` is the process.

The process imports what workers need, once, and has a single thread, as forks must. Requests come
through the socket, which is its standard input at first:

    ("positions",)                    memory for the positions of workers, sent with it
    ("preload", sys.path, modules)    imports them
    ("fork", number, folder)          forks a worker that serves the connection sent with it
    ("end", numbers)                  kills these workers; answers how each of them has ended

The caller's end of the socket is closed when the caller has gone, however it went; then the
process ends, and so does each worker by itself.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any, NoReturn

from bnstat import position
from bnstat.engines.channel import Channel, Positions, place, places
from bnstat.engines.starting import (
    ENDING,
    WorkerProcess,
    ending,
    environment,
    interpreter,
    leave_endings_to_caller,
    signals_held,
)
from bnstat.engines.worker import preload, serve

_LENGTH = struct.Struct("!Q")
_numbers = count()  # of workers; a later server has none of an earlier one's


class Forking:
    """Starts each worker as a fork of this process's fork server, which imports once for all."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = modules
        self._server = warm_up(modules)

    def start(self) -> WorkerProcess:
        """Have a worker forked; by another server, where that has been killed."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                number = self._server.fork(theirs, os.getcwd())
            except OSError:
                self._server = warm_up(self._modules)
                number = self._server.fork(theirs, os.getcwd())
        return WorkerProcess(number, Channel.of_socket(ours), self._server.positions.of(number))

    def end(self, workers: Sequence[WorkerProcess]) -> list[str]:
        causes = self._server.end([worker.number for worker in workers])
        for worker in workers:  # those of a server that was killed live on
            worker.channel.break_off()
        return causes


class ForkServer:
    """The process that workers are forked from; it ends when this one does, and so do they."""

    def __init__(self, modules: Sequence[str]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._pid = _spawned(theirs)
        self._control = ours
        self._talking = threading.Lock()
        self.positions = Positions()
        send(self._control, ("positions",), int(self.positions.handle))
        self.positions.close()
        self.preload(modules)

    def preload(self, modules: Sequence[str]) -> None:
        """Have it import modules, which later workers find imported; it goes on by itself."""
        path = [entry or os.getcwd() for entry in sys.path]
        with self._talking:
            send(self._control, ("preload", path, list(modules)))

    def fork(self, connection: socket.socket, folder: str) -> int:
        """Have it fork a worker that serves `connection` in a folder; return the worker's number.

        Raises OSError if the server has gone.
        """
        with self._talking:
            number = next(_numbers)
            send(self._control, ("fork", number, folder), connection.fileno())
            return number

    def end(self, workers: Sequence[int]) -> list[str]:
        """Kill workers and wait for their end; return how each ended, as in "signal 9".

        Where the server itself has gone, nobody knows, and they end by themselves.
        """
        with self._talking:
            try:
                send(self._control, ("end", list(workers)))
                causes, _ = receive(self._control)
            except (EOFError, OSError):
                self.close()
                return ["unknown"] * len(workers)
        return [cause or "unknown" for cause in causes]

    def close(self) -> None:
        """End the server; its workers end when their channels are closed."""
        self._control.close()
        with suppress(OSError):  # it has gone, or is the child of the process we were forked from
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


class _Servers:
    """The fork server of a process, if one was started."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._starting = threading.Lock()

    def warm_up(self, modules: Sequence[str] = ()) -> ForkServer:
        """Return the server, which imports modules beside what is done here.

        It is started where there is none, or where it has been killed.
        """
        with signals_held(), self._starting:
            if self._server is not None:
                try:
                    self._server.preload(modules)
                    return self._server
                except OSError:  # it has been killed
                    self._server.close()
            self._server = ForkServer(modules)
            return self._server


_servers = _Servers()
# A child of this process finds the server of its parent, which is not its own.
os.register_at_fork(after_in_child=_servers.__init__)  # type: ignore[misc]
warm_up = _servers.warm_up


def _spawned(control: socket.socket) -> int:
    """Start the server with a socket as its standard input; return its process's number.

    Its signals are blocked until it has handlers, as it would die of Ctrl-C with a traceback.
    """
    handle = fcntl.fcntl(control.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)  # not 0 itself
    try:
        return os.posix_spawn(
            sys.executable,
            interpreter("bnstat.engines.fork_server", "main()"),
            environment(),
            file_actions=[(os.POSIX_SPAWN_DUP2, handle, 0)],
            setsigmask=ENDING,
        )
    finally:
        os.close(handle)


def send(channel: socket.socket, message: object, *descriptors: int) -> None:
    """Send a message to or from a fork server, with a descriptor if one is given.

    `multiprocessing.reduction` sends descriptors too, but duplicates the socket to do so: where no
    more files may be open it fails between two messages, and the other end takes one for the other.
    """
    data = pickle.dumps(message)
    data = _LENGTH.pack(len(data)) + data
    sent = socket.send_fds(channel, [data], descriptors) if descriptors else 0
    channel.sendall(data[sent:])


def receive(channel: socket.socket) -> tuple[Any, int]:
    """Return the next message, and the descriptor that came with it.

    That is -1 where none came, or where this process may not have one more file open.

    Raises EOFError if the other end has gone.
    """
    head, descriptors, _, _ = socket.recv_fds(channel, _LENGTH.size, 1)
    if not head:
        raise EOFError
    (length,) = _LENGTH.unpack(head + _exactly(channel, _LENGTH.size - len(head)))
    return pickle.loads(_exactly(channel, length)), [*descriptors, -1][0]


def _exactly(channel: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = channel.recv(size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def main() -> None:
    """Fork workers until the caller has gone."""
    leave_endings_to_caller()
    control = socket.socket(fileno=fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # standard input is not the workers' to read
    os.close(nothing)
    server = _Server(control)
    with suppress(EOFError, OSError):
        while True:
            server.serve()


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
        ends = {pid: ending(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])) for pid in pids}
        return [
            ends[self._pids.pop(number)] if number in self._pids else self._failed.pop(number, "")
            for number in numbers
        ]
