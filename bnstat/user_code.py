"""The user's own code: found by package.module:attribute, the only form that runs it, and called.

What it prints goes to stderr. The generators of random numbers of torch, numpy and Python are
seeded for it, and given back.

torchvision imports torch's compiler, which at once makes `torchinductor_USER` in the temporary
folder, and names it in the environment (torch/_inductor/runtime/cache_dir_utils.py). Nothing here
compiles; what a user's transform compiles makes the folder again, in the usual place.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from hashlib import blake2b
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

    Raises SpecError if importing it fails, or there is none.
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


def draw_number(what: bytes, seed: int, epoch: int, key: bytes) -> int:
    """Return the seed of one draw: of run seed, epoch and image key, and of nothing else."""
    text = b"%s/%d/%d/%s" % (what, seed, epoch, key)
    return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1


def seed_generators(number: int) -> None:
    """Seed Python's and numpy's generators, and torch's where torch is loaded."""
    import numpy as np

    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(number)
    random.seed(number)
    np.random.seed(number % 2**32)


def generator_states() -> tuple[Any, ...]:
    """Return where all generators stand, as values that can be compared."""
    import numpy as np

    torch = sys.modules.get("torch")
    name, numbers, *rest = np.random.get_state()
    theirs = None if torch is None else torch.get_rng_state().numpy().tobytes()
    return random.getstate(), name, np.asarray(numbers).tobytes(), *rest, theirs


@contextmanager
def generators_kept() -> Iterator[None]:
    """Give all generators their state back; torch's is left alone where it is not loaded."""
    import numpy as np

    torch: Any = sys.modules.get("torch")
    states = random.getstate(), np.random.get_state(), torch and torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if torch is not None:
            torch.set_rng_state(states[2])


@contextmanager
def caller_undisturbed() -> Iterator[None]:
    """Run torch with one thread, keep stdout clean, and give generators their state back.

    One thread, as there is a process for each core, and as the number could change float results.
    """
    torch: Any = sys.modules.get("torch")
    threads = torch and torch.get_num_threads()
    if torch is not None:
        torch.set_num_threads(1)
    try:
        with generators_kept(), stdout_on_stderr():
            yield
    finally:
        if torch is not None:
            torch.set_num_threads(threads)
