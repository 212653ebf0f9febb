"""What all engines have in common."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Protocol


class Engine(Protocol):
    """Opens executors.

    Attributes
    ----------
    lost
        The exceptions by which a future says that its worker was lost, not that its task failed.
    """

    lost: tuple[type[BaseException], ...]

    @property
    def workers(self) -> int:
        """How many tasks can run at once; it may change as workers come."""

    def open(self, workers: int) -> AbstractContextManager[Executor]:
        """Start an executor; leaving the context ends it at once, whatever it is doing."""

    def cause(self, loss: BaseException) -> str:
        """Say what ended a worker, as in "signal 9"; `loss` is what its future raised."""

    def close(self) -> None:
        """Release what is kept from one executor to the next."""
