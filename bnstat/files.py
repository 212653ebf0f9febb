"""Writing a file whole or not at all."""

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from bnstat.errors import OutputError

# Flags to read a file: no pipe is waited for, and no other process has it. Windows has neither,
# and would read lines of text.
READING = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NONBLOCK", "O_BINARY")
)

_RECORD_SUFFIXES = (".parquet", ".csv")


def write(path: Path, data: bytes) -> None:
    """Put `data` into `path`, as `replacing` does."""
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write to, which takes the place of `path` once all is written.

    Readers see the old file or the new one, never a part: a temporary file in the same folder is
    written, synced and renamed. A link is followed; the file's permissions stay. What is no regular
    file (a pipe, /dev/null) is written directly.

    Raises OutputError if it cannot be written; the old file is then as it was.
    """
    with _explained(path):
        if _is_special(path):
            with path.open("wb") as file:
                yield file
        else:
            with _replacement(Path(os.path.realpath(path))) as file:
                yield file


def check_writable(path: Path) -> None:
    """Find out before the work, not after it, that `path` cannot be written.

    Raises OutputError if `path` is a folder, or no file can be made where it is to stand.
    """
    with _explained(path):
        if path.is_dir():
            raise IsADirectoryError(0, "is a folder; name a file in it")
        if not _is_special(path):
            folder = Path(os.path.realpath(path)).parent
            with tempfile.TemporaryFile(dir=folder):
                pass


def is_record_file(name: str) -> bool:
    """Whether a name says that its file is one of records."""
    return os.path.splitext(name)[1].lower() in _RECORD_SUFFIXES


def check_distinct(
    outputs: Sequence[tuple[str, str | None]], inputs: Sequence[tuple[str, str | None]]
) -> None:
    """Find out before the work that writing one file of a run would destroy another.

    Each file is what it is called in the message, and its name; None and "-" are none.

    Raises OutputError if an output is the same file as an input or another output.
    """
    known = {_identity(name): what for what, name in inputs if name and Path(name).is_file()}
    for what, name in outputs:
        identity = _identity(name)
        if identity is not None and identity in known:
            other = known[identity]
            raise OutputError(f"{name} is both {other} and {what}; name another {what}")
        known[identity] = what


def _identity(name: str | None) -> object:
    """Return what two names of one file have in common; None for what holds no data."""
    if name in (None, "-"):
        return None
    path = Path(os.path.realpath(str(name)))
    try:
        status = path.stat()
    except OSError:  # it is not there yet, or cannot be: then check_writable says why
        return path
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _replacement(target: Path) -> Iterator[IO[bytes]]:
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with open(handle, "wb") as file:
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), _permissions(target))
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _permissions(target: Path) -> int:
    """Return those of the old file, else what a newly created file would get."""
    with suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
