"""What a Dask worker does with a call.

It may run other people's work too, in threads beside ours, in a folder of its own, on a machine
with other packages. A call must come out as it would in a worker process of bnstat's own.
"""

from __future__ import annotations

import os
import pickle
import socket
import threading
from collections.abc import Mapping
from contextlib import chdir, suppress
from functools import cache
from importlib import metadata

from bnstat._version import __version__
from bnstat.engines.worker import answer
from bnstat.errors import MeasureError

# The folder, Pillow's limits and the generators that draws seed are the process's, not a thread's:
# two calls at once in a worker of several threads would take them from each other.
_ALONE = threading.Lock()

# What decodes and draws: another release may give other samples.
_PACKAGES = ("numpy", "pillow", "torch", "torchvision")


def answer_alone(call: bytes, folder: str, versions: Mapping[str, str]) -> bytes:
    """Answer a call in the caller's folder, one at a time in this process.

    What keeps it from being run at all is answered as a `MeasureError`.
    """
    with _ALONE:
        try:
            _check(versions)
            os.stat(folder)
        except MeasureError as error:
            return pickle.dumps((None, error))
        except OSError as error:
            return pickle.dumps((None, _missing(folder, error)))
        with chdir(folder):
            return answer(call)


@cache
def installed() -> dict[str, str]:
    """Return the versions, of what figures depend on, that this process would use."""
    found = {"bnstat": __version__}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package).partition("+")[0]  # +cpu draws the same
    return found


def _check(versions: Mapping[str, str]) -> None:
    for package, here in versions.items():
        there = installed().get(package, "missing")
        if there != here:
            raise MeasureError(
                f"{package} is {there} on the Dask worker at {socket.gethostname()} and {here} "
                "here, which could change figures; install the same version on all workers"
            )


def _missing(folder: str, error: OSError) -> MeasureError:
    return MeasureError(
        f"the Dask worker at {socket.gethostname()} cannot go to {folder} ({error.strerror}); "
        "start from a folder that all workers have"
    )
