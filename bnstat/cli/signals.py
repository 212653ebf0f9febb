"""Signals that end a run: raised first, so that workers and temporary files go before it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn, TextIO

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_SECONDS_TO_NEXT_RAISE = 0.5


class EndedBySignal(BaseException):
    """A signal asks this process to end."""

    def __init__(self, number: int) -> None:
        self.number = number


@contextmanager
def signals_raised() -> Iterator[None]:
    """Raise EndedBySignal for each signal that asks to end, but for those that are ignored."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _raise)
    yield


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    """Raise what ends the run; and again, should that be lost.

    Python prints and forgets what is raised in a callback of a weak reference, as imports have.
    """
    sys.unraisablehook = lambda unraisable: None
    signal.signal(signal.SIGALRM, lambda *_: _raise(number, None))
    signal.setitimer(signal.ITIMER_REAL, _SECONDS_TO_NEXT_RAISE)
    raise EndedBySignal(number)


def drop_output(stream: TextIO) -> None:
    """Have what is still buffered for a stream go nowhere: Python writes it when it ends."""
    with suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def end_by(number: int) -> NoReturn:
    """End this process by the signal itself, so that a shell knows what happened."""
    signal.signal(number, signal.SIG_DFL)
    drop_output(sys.stdout)
    os.kill(os.getpid(), number)
    raise AssertionError("not reached")
