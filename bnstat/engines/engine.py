"""What all engines have in common, and the one of the caller's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, contextmanager
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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


class _InlineExecutor(Executor):
    """Runs each call when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class InlineEngine:
    """The engine of `--workers 1`: no process is started, and none can be lost."""

    workers = 1
    lost: tuple[type[BaseException], ...] = ()

    @contextmanager
    def open(self, workers: int) -> Iterator[Executor]:
        """Give an executor that runs each call when it is submitted."""
        yield _InlineExecutor()

    def cause(self, loss: BaseException) -> str:
        """Say nothing, as no worker can be lost."""
        return "unknown"

    def close(self) -> None:
        """Do nothing, as nothing is kept."""
