"""What becomes of a command: its exit status, its error in one or two lines, its signal."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

import click

from bnstat.cli.app import app
from bnstat.errors import BnstatError

DONE, DRIFT, USAGE, FAILURES, ERROR, BUG = 0, 1, 2, 3, 4, 70

_ENDING = ("SIGTERM", "SIGHUP")


class _Ended(BaseException):
    """A signal asks this process to end; raised so that workers and temporary files go first."""

    def __init__(self, number: int) -> None:
        self.number = number


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status; a signal that ends it ends this process."""
    debug = False
    try:
        with _signals_raised(), app.make_context("bnstat", list(arguments)) as context:
            debug = context.params.get("debug", False)
            app.invoke(context)
            sys.stdout.flush()
        return DONE
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "bnstat"
        return _say(f"{error.format_message()}\nTry: {command} --help", USAGE)
    except (KeyboardInterrupt, click.Abort):
        _die(signal.SIGINT)
    except _Ended as ended:
        _die(ended.number)
    except BrokenPipeError:
        _die(signal.SIGPIPE)
    except (BnstatError, OSError) as error:
        if debug:
            traceback.print_exc()
        text = f"cannot write: {error.strerror}" if isinstance(error, OSError) else str(error)
        return _say(text, ERROR)
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _say(
            f"this is a bug in bnstat: {type(error).__name__}: {error}\n"
            "Please report it with what 'bnstat --debug ...' prints.",
            BUG,
        )


def _say(text: str, status: int) -> int:
    click.echo(f"bnstat: {text}", err=True)
    return status


@contextmanager
def _signals_raised() -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> NoReturn:
        raise _Ended(number)

    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, end)
    yield


def _die(number: int) -> NoReturn:
    """End by the signal itself, so that a shell knows what happened."""
    signal.signal(number, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still buffered has no reader
    os.kill(os.getpid(), number)
    raise AssertionError("not reached")
