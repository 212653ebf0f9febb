"""What all engines have in common."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Protocol


class Engine(Protocol):
    """Opens executors.

    Attributes
    ----------
    workers
        How many tasks can run at once.
    lost
        The exceptions by which a future says that its worker was lost, not that its task failed.
    """

    workers: int
    lost: tuple[type[BaseException], ...]

    def open(self, workers: int) -> AbstractContextManager[Executor]:
        """Start an executor; leaving the context ends it at once, whatever it is doing."""

    def cause(self, loss: BaseException) -> str:
        """Say what ended a worker, as in "signal 9"; `loss` is what its future raised."""
