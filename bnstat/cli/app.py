"""The commands, each loaded when it is called; and a command line that is run.

That is its exit status, its error in a line or two, and the signals that end it.
"""

from __future__ import annotations

import errno
import io
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import NoReturn, TextIO

import click

from bnstat._version import __version__
from bnstat.errors import BnstatError
from bnstat.text import did_you_mean, printable, without_credentials

COMMANDS = (
    *("compute", "compare", "explain", "sweep", "export", "report", "plot", "outliers"),
    *("duplicates", "recalibrate", "fold", "merge", "pipelines", "demo"),
    "help",
)
# How many images may fail, where a command lets the user say it.
MAX_FAILURES = "bnstat.max_failures"
DONE, DRIFT, USAGE, FAILURES, ERROR, BUG = 0, 1, 2, 3, 4, 70
# How writing to a stream fails: it is full, broken, or closed.
_STREAM_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF, errno.EINVAL}
# What the system's linker says where there is no memory for a library.
_NO_MEMORY = ("failed to map segment", "cannot allocate memory", "cannot map zero-fill")
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_SECONDS_TO_NEXT_RAISE = 0.5


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bnstat.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of what is none, say what was meant."""
        name = args[0]
        if name in COMMANDS or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = did_you_mean(name, COMMANDS)
        if not meant and (os.path.exists(name) or os.sep in name):
            meant = f"; did you mean: bnstat compute {shlex.quote(name)}"
        meant = meant or f"; there are {', '.join(COMMANDS)}"
        raise click.UsageError(f"no command {name!r}{meant}", ctx)


@click.command(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, "-V", "--version", message="bnstat %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks of errors.")
@click.pass_context
def app(ctx: click.Context, debug: bool) -> None:
    """Exact mean and std of image folders, three ways, in the form your framework reads.

    \b
    bnstat compute ./data                 measure; show the three ways; write bnstat.json
    bnstat compare --augment colorjitter  what a pipeline does to the statistics
    bnstat export --format normalize      print a Normalize snippet of it
    bnstat export --format state_dict     write a primed BatchNorm2d of it
    """  # noqa: D301 (click reads the backspace)
    if ctx.invoked_subcommand is None:
        raise click.UsageError(f"name a command: {', '.join(COMMANDS)}.", ctx)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status; a signal that ends it ends this process.

    A command returns how many images failed, or nothing.
    """
    debug = False
    _prepare_streams()
    try:
        _raise_signals()
        with app.make_context("bnstat", list(arguments)) as context:
            debug = context.params["debug"]
            try:
                failed = app.invoke(context) or 0
                status = FAILURES if failed > context.meta.get(MAX_FAILURES, failed) else DONE
            except click.exceptions.Exit as exit_:
                status = exit_.exit_code
            sys.stdout.flush()  # what a command wrote must reach its reader
            return status
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.UsageError as error:
        hint = f"Try: {_command_path(error, arguments)} --help"
        return _print_error(error.format_message(), hint, USAGE)
    except (KeyboardInterrupt, click.Abort):
        end_by(signal.SIGINT)
    except BrokenPipeError:
        end_by(getattr(signal, "SIGPIPE", signal.SIGTERM))
    except (Exception, EndedBySignal) as error:
        for cause in _causes(error):  # imports and classes make another error of a signal's
            if isinstance(cause, EndedBySignal):
                end_by(cause.number)
        if debug:
            import traceback

            click.echo(without_credentials(traceback.format_exc()), err=True, nl=False)
        return _error_status(error)


def _prepare_streams() -> None:
    """Show what the locale cannot encode as escapes, and stand in for streams that are closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull)  # noqa: SIM115 (writing raises, as it should)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _command_path(error: click.UsageError, arguments: Sequence[str]) -> str:
    """Return the command whose help would help."""
    if error.ctx is not None:
        return error.ctx.command_path
    named = [argument for argument in arguments if argument in COMMANDS]
    return " ".join(["bnstat", *named[:1]])


def _error_status(error: BaseException) -> int:
    """Print an error; return ERROR for what the user can mend, BUG for what they cannot."""
    if isinstance(error, BnstatError):
        text = str(error)
    elif _lacks_torch(error):
        text = "this needs torch: pip install torch torchvision"
    elif _lacks_memory(error):
        text = "not enough memory; allow more (ulimit -v), or free some"
    elif isinstance(error, OSError):
        text = _os_error(error)
    else:
        text = f"this is a bug in bnstat: {type(error).__name__}: {error}"
        return _print_error(text, "Please report it with what 'bnstat --debug ...' prints.", BUG)
    return _print_error(text, None, ERROR)


def _os_error(error: OSError) -> str:
    """Say what the system refused; only what is not about a file can be about our own output."""
    reason = error.strerror or str(error)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"too many open files; {_files_limit()}"
    if error.filename is not None:
        return f"cannot use {os.fsdecode(error.filename)}: {reason}"
    if error.errno in _STREAM_ERRORS or isinstance(error, io.UnsupportedOperation):
        drop_output(sys.stdout)  # or Python would say so a second time, with a status of its own
        return f"cannot write: {reason}"
    return f"the system refused: {reason}"


def _files_limit() -> str:
    try:
        import resource
    except ImportError:  # not on a POSIX system
        return "raise the limit of open files"
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return f"the limit is {soft}, raise it: ulimit -n 256"


def _lacks_torch(error: BaseException) -> bool:
    """Whether torch is missing, without which bnstat can be installed (README.md)."""
    names = [cause.name for cause in _causes(error) if isinstance(cause, ModuleNotFoundError)]
    return any((name or "").partition(".")[0] in ("torch", "torchvision") for name in names)


def _lacks_memory(error: BaseException) -> bool:
    """Whether an error, or what it came from, is that there was not enough memory."""
    return any(
        isinstance(cause, MemoryError)
        or getattr(cause, "errno", None) == errno.ENOMEM
        or (isinstance(cause, ImportError) and any(text in str(cause) for text in _NO_MEMORY))
        for cause in _causes(error)
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # libraries can make them a circle
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _print_error(text: str, hint: str | None, status: int) -> int:
    """Print an error on stderr, on a line and one for the hint; return the status."""
    try:
        click.echo(f"bnstat: {printable(without_credentials(text))}", err=True)
        if hint is not None:
            click.echo(hint, err=True)
    except OSError:  # nobody reads it
        drop_output(sys.stderr)
    return status


class EndedBySignal(BaseException):
    """A signal asks this process to end."""

    def __init__(self, number: int) -> None:
        self.number = number


def _raise_signals() -> None:
    """Raise EndedBySignal for each signal that asks to end, but for those that are ignored."""
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _raise)


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    """Raise what ends the run; and again, should that be lost.

    Python prints and forgets what is raised in a callback of a weak reference, as imports have.
    """
    sys.unraisablehook = lambda unraisable: None
    if hasattr(signal, "setitimer"):  # not on Windows
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
