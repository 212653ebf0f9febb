"""What becomes of a command: its exit status, its error in one or two lines, its signal."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

import click

from bnstat.cli.app import COMMANDS, app
from bnstat.errors import BnstatError
from bnstat.text import printable

DONE, DRIFT, USAGE, FAILURES, ERROR, BUG = 0, 1, 2, 3, 4, 70

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_PATIENCE = 0.5  # seconds


class _Ended(BaseException):
    """A signal asks this process to end; raised so that workers and temporary files go first."""

    def __init__(self, number: int) -> None:
        self.number = number


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status; a signal that ends it ends this process."""
    debug = False
    _mend_streams()
    try:
        with _signals_raised(), app.make_context("bnstat", list(arguments)) as context:
            debug = context.params["debug"]
            app.invoke(context)
            sys.stdout.flush()
        return DONE
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.UsageError as error:
        return _say(error.format_message(), f"Try: {_called(error, arguments)} --help", USAGE)
    except (KeyboardInterrupt, click.Abort):
        _die(signal.SIGINT)
    except _Ended as ended:
        _die(ended.number)
    except BrokenPipeError:
        _die(signal.SIGPIPE)
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _failed(error)


def _mend_streams() -> None:
    """Show what the locale cannot encode as escapes, and stand in for streams that are closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull)  # noqa: SIM115 (writing raises, as it should)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _called(error: click.UsageError, arguments: Sequence[str]) -> str:
    """Return the command whose help would help."""
    if error.ctx is not None:
        return error.ctx.command_path
    return " ".join(["bnstat", *(a for a in arguments[:1] if a in COMMANDS)])


def _failed(error: Exception) -> int:
    if isinstance(error, BnstatError):
        return _say(str(error), None, ERROR)
    if isinstance(error, OSError):
        return _say(f"cannot write: {error.strerror or error}", None, ERROR)
    return _say(
        f"this is a bug in bnstat: {type(error).__name__}: {error}",
        "Please report it with what 'bnstat --debug ...' prints.",
        BUG,
    )


def _say(text: str, hint: str | None, status: int) -> int:
    """Put an error on stderr, on a line and one for the hint, if anybody reads it."""
    with suppress(OSError):
        click.echo(f"bnstat: {printable(text)}", err=True)
        if hint is not None:
            click.echo(hint, err=True)
    return status


@contextmanager
def _signals_raised() -> Iterator[None]:
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _end)
    yield


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """Raise what ends the run; and again, should that be lost.

    Python prints and forgets what is raised in a callback of a weak reference, as imports have.
    """
    sys.unraisablehook = lambda unraisable: None
    signal.signal(signal.SIGALRM, lambda *_: _end(number, None))
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    raise _Ended(number)


def _die(number: int) -> NoReturn:
    """End by the signal itself, so that a shell knows what happened."""
    signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered has no reader
    os.kill(os.getpid(), number)
    raise AssertionError("not reached")
