"""What all engines have in common, and the one of the caller's own process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class WorkerLostError(Exception):
    """A worker ended before it answered.

    Attributes
    ----------
    cause
        How it ended, as in "signal 9"; "unknown" where nobody knows.
    row
        The image of its chunk that it was at; None where that is not known, or at none.
    overdue
        The time limit in seconds, if it was ended because that image took longer.
    """

    def __init__(
        self, cause: str = "unknown", row: int | None = None, overdue: float | None = None
    ) -> None:
        super().__init__(f"a worker was lost: {cause}")
        self.cause = cause
        self.row = row
        self.overdue = overdue

    @property
    def reason(self) -> str:
        """Why the image that it was at has failed."""
        if self.overdue is not None:
            return f"takes longer than --timeout {self.overdue:g}"
        return f"worker died ({self.cause})"


class Workers(Protocol):
    """Take calls, and give their results as futures; that of a lost worker is a WorkerLostError."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker make a call, after those that wait."""

    def retry(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker make a call before those that wait."""

    def retry_alone(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a worker make a call while all others are idle, if the engine can see to that."""


class Engine(Protocol):
    """Opens workers."""

    @property
    def workers(self) -> int:
        """How many calls can be made at once; it may change as workers come."""

    def open(self) -> AbstractContextManager[Workers]:
        """Give workers; leaving the context ends at once whatever they do."""

    def close(self) -> None:
        """Release what is kept from one opening to the next."""


class _Here:
    """Makes each call when it is submitted."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    retry = retry_alone = submit


class InlineEngine:
    """The engine of `--workers 1`: no process is started, and none can be lost."""

    workers = 1

    @contextmanager
    def open(self) -> Iterator[Workers]:
        yield _Here()

    def close(self) -> None:
        """Do nothing, as nothing is kept."""
