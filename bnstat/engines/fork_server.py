"""How workers start: forked from a process that has imported what they need.

multiprocessing has a fork server too. It imports what it is told to before it starts, and nothing
later; it runs the caller's `__main__` in each worker; and it leaves a socket in the temporary
folder behind when the caller is ended by a signal. This one is a process of a run's own, at the
other end of a socket without a name (`fork_server_main`).
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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LENGTH = struct.Struct("!Q")


def warm_up(modules: Sequence[str] = ()) -> ForkServer:
    """Return this process's fork server, which imports modules beside what is done here.

    It is started where there is none, or where it has been killed.
    """
    with signals_held():
        try:
            _server().preload(modules)
        except OSError:
            _server().close()
            _server.cache_clear()
            _server().preload(modules)
        return _server()


class ForkServer:
    """The process that workers are forked from; it ends when this one does, and so do they."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._pid = _spawned(theirs)
        self._control = ours
        self._numbers = count()
        self._talking = threading.Lock()

    def preload(self, modules: Sequence[str]) -> None:
        """Have it import modules, which later workers find imported; it goes on by itself."""
        path = [entry or os.getcwd() for entry in sys.path]
        with self._talking:
            send(self._control, ("preload", path, list(modules)))

    def fork(self, connection: Connection, folder: str) -> int:
        """Have it fork a worker that serves `connection` in a folder; return the worker's number.

        Raises
        ------
        OSError
            If the server has gone.
        """
        with self._talking:
            number = next(self._numbers)
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
        """End the server, and with it all its workers."""
        self._control.close()
        with suppress(OSError):  # it has gone, or is the child of the process we were forked from
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


@cache
def _server() -> ForkServer:
    return ForkServer()


os.register_at_fork(after_in_child=_server.cache_clear)  # it is the parent's


def _spawned(control: socket.socket) -> int:
    """Start the server with a socket as its standard input; return its process's number.

    `-P`: `python -c` looks for modules in the current folder first of all, and in a folder of
    images that a stranger made, a `threading.py` would be run. Its signals are blocked until it has
    handlers, as it would die of Ctrl-C with a traceback.
    """
    path = [entry for entry in sys.path if entry]
    code = (
        f"import sys; sys.path[:] = {path!r}; "
        "from bnstat.engines.fork_server_main import main; main()"
    )
    safe = "-I" if sys.flags.isolated else "-P"
    handle = fcntl.fcntl(control.fileno(), fcntl.F_DUPFD_CLOEXEC, 3)  # not 0 itself
    try:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, safe, "-c", code],
            {"OPENBLAS_NUM_THREADS": "1"} | dict(os.environ),  # threads, and forks, do not mix
            file_actions=[(os.POSIX_SPAWN_DUP2, handle, 0)],
            setsigmask=ENDING,
        )
    finally:
        os.close(handle)


def send(channel: socket.socket, message: object, *descriptors: int) -> None:
    """Send a message, with a descriptor for the other process if one is given."""
    data = pickle.dumps(message)
    data = _LENGTH.pack(len(data)) + data
    sent = socket.send_fds(channel, [data], descriptors) if descriptors else 0
    channel.sendall(data[sent:])


def receive(channel: socket.socket) -> tuple[Any, int]:
    """Return the next message, and the descriptor that came with it.

    That is -1 where none came, or where this process may not have one more file open.

    Raises
    ------
    EOFError
        If the other end has gone.
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


@contextmanager
def signals_held() -> Iterator[None]:
    """Let the handlers of these signals wait until this is left.

    They raise, and what is said to another process must be said to its end. Handlers run in the
    main thread, so there is nothing to do in others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    handlers = {number: signal.getsignal(number) for number in ENDING}
    ours: dict[int, Any] = {n: handler for n, handler in handlers.items() if callable(handler)}
    for number in ours:
        signal.signal(number, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)
