"""How workers start where processes cannot fork, or if it is asked for: each an interpreter.

It imports what it needs itself, which takes longer than a fork: a third of a second, or with a
pipeline some seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from typing import Any

from bnstat.engines.channel import Channel, Positions
from bnstat.engines.starting import (
    WorkerProcess,
    ending,
    endings_blocked,
    environment,
    interpreter,
)


class Spawning:
    """Starts each worker as an interpreter of its own."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = list(modules)
        self._positions = Positions()
        self._numbers = count()
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> WorkerProcess:
        """Start a worker, whose standard input and output are the channel."""
        number = next(self._numbers)
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
                    **self._inherited(),
                )
            channel = Channel.of_pipes(os.dup(our_answers), os.dup(our_calls))
        return WorkerProcess(number, channel, self._positions.of(number))

    def _inherited(self) -> dict[str, Any]:
        """Return what tells Popen of the memory, and on Windows of Ctrl-C."""
        if sys.platform == "win32":
            return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        return {"pass_fds": (self._positions.handle,)}

    def end(self, workers: Sequence[WorkerProcess]) -> list[str]:
        """Kill workers and wait for their end."""
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
