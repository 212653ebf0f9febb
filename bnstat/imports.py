"""Objects of the user's own code, by package.module:attribute: the only form that runs it.

torchvision imports torch's compiler, which at once makes `torchinductor_USER` in the temporary
folder, and names it in the environment (torch/_inductor/runtime/cache_dir_utils.py). Nothing here
compiles; what a user's transform compiles makes the folder again, in the usual place.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from bnstat.errors import SpecError

_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
# What is defined in these, a worker cannot import.
MAIN_MODULES = ("__main__", "__mp_main__")


def find_object(where: str) -> Any:
    """Return the object at package.module:attribute.

    Modules are found as by `python -m`, in the current folder too.

    Raises
    ------
    SpecError
        If importing it fails, or there is none.
    """
    module, _, attribute = where.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with stdout_on_stderr(), no_cache_folder():
            found = import_module(module)
            for part in attribute.split("."):
                found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise SpecError(f"cannot load {where}: {type(error).__name__}: {error}") from error
    return found


def call_object(found: Any, where: str) -> Any:
    """Call what makes an object; raise SpecError, with the cause, if it fails."""
    try:
        with stdout_on_stderr():
            return found()
    except (Exception, SystemExit) as error:
        raise SpecError(f"{where}() failed: {type(error).__name__}: {error}") from error


def stdout_on_stderr() -> AbstractContextManager[object]:
    """Put what the user's code prints on stderr: stdout is for data."""
    return redirect_stdout(sys.stderr)


@contextmanager
def no_cache_folder() -> Iterator[None]:
    """Have torch's compiler, if it is imported meanwhile, take a folder that is there already."""
    if _VARIABLE in os.environ:
        yield
        return
    os.environ[_VARIABLE] = tempfile.gettempdir()
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)
