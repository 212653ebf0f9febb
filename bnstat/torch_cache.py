"""Importing torch's compiler without the folder that it makes for its cache.

torchvision imports torch's compiler, which at once makes `torchinductor_USER` in the temporary
folder, and names it in the environment (torch/_inductor/runtime/cache_dir_utils.py). Nothing here
compiles; what a user's transform compiles makes the folder again, in the usual place.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"


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
