"""Starting worker processes: what all ways have in common, and the way without forks.

Each starts `sys.executable` with modules from where the caller has them, never runs the caller's
`__main__`, and gives a worker a channel of its own. The way with forks is `fork_server`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from bnstat.engines.channel import Channel, Positions

if TYPE_CHECKING:
    import subprocess

# Ctrl-C, an end, and on POSIX a hangup: the caller decides what they do.
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@dataclass(frozen=True)
class WorkerProcess:
    """A worker: its number, the channel to it, and where it writes its position."""

    number: int
    channel: Channel
    place: memoryview


class StartMethod(Protocol):
    """Starts and ends workers; from any thread."""

    def start(self) -> WorkerProcess:
        """Start a worker in the caller's current folder.

        Raises OSError if this process has too many open files.
        """

    def end(self, workers: Sequence[WorkerProcess]) -> list[str]:
        """Kill workers and wait for their end; return how each ended, as in "signal 9"."""


def ending(code: int) -> str:
    """Say how a process ended, from its exit code."""
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def interpreter(module: str, call: str) -> list[str]:
    """Return the command line of a new interpreter that makes a call of a module.

    `-P`: `python -c` looks for modules in the current folder first of all, and in a folder of
    images that a stranger made, a `threading.py` would be run.
    """
    path = [entry for entry in sys.path if entry]
    function = call.partition("(")[0]
    code = f"import sys; sys.path[:] = {path!r}; from {module} import {function}; {call}"
    return [sys.executable, "-I" if sys.flags.isolated else "-P", "-c", code]


def environment() -> dict[str, str]:
    """Return the environment of a new interpreter: OpenBLAS's threads and forks do not mix."""
    return {"OPENBLAS_NUM_THREADS": "1"} | dict(os.environ)


@contextmanager
def endings_blocked() -> Iterator[None]:
    """Have a process that is started be born with these signals blocked, until it has handlers.

    It would die of Ctrl-C with a traceback. Windows has no such thing, and needs none.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_endings_to_caller() -> None:
    """Ignore, in a process that was started, Ctrl-C and hangups, which reach all; unblock them."""
    for number in ENDING:
        if number != signal.SIGTERM:
            signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


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


class Spawning:
    """Starts each worker as an interpreter of its own, which imports what it needs itself.

    That takes longer than a fork: a third of a second, or with a pipeline some seconds.
    """

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = list(modules)
        self._positions = Positions()
        self._numbers = count()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> WorkerProcess:
        """Start a worker, whose standard input and output are the channel."""
        import subprocess

        number = next(self._numbers)
        inherited: dict[str, Any] = {"pass_fds": (self._positions.handle,)}
        if sys.platform == "win32":  # where Ctrl-C is kept from the worker, too
            inherited = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        call = f"spawned({number}, {self._positions.handle!r}, {self._modules!r})"
        with ExitStack() as stack:
            calls, our_calls = _pipe(stack)
            our_answers, answers = _pipe(stack)
            with endings_blocked():
                self._processes[number] = subprocess.Popen(
                    interpreter("bnstat.engines.worker", call),
                    stdin=calls,
                    stdout=answers,
                    env=environment(),
                    **inherited,
                )
            channel = Channel.of_pipes(os.dup(our_answers), os.dup(our_calls))
        return WorkerProcess(number, channel, self._positions.of(number))

    def end(self, workers: Sequence[WorkerProcess]) -> list[str]:
        processes = [self._processes[worker.number] for worker in workers]
        for process in processes:
            process.kill()
        return [ending(process.wait()) for process in processes]

    def __del__(self) -> None:
        self._positions.close()


def _pipe(stack: ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    for end in ends:
        stack.callback(os.close, end)
    return ends
