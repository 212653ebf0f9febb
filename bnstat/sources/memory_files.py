"""Files of this process's that workers open, and that end with it."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import IO, cast


def open_shared(owner: object) -> tuple[IO[bytes], str]:
    """Open an empty file, which is closed with its owner; return it, and where workers find it."""
    file, path = _opened()
    weakref.finalize(owner, file.close)
    return file, path


def _opened() -> tuple[IO[bytes], str]:
    if hasattr(os, "memfd_create"):
        file = os.fdopen(os.memfd_create("bnstat"), "w+b")
        return file, f"/proc/{os.getpid()}/fd/{file.fileno()}"
    named = tempfile.NamedTemporaryFile()  # noqa: SIM115 (closed with the source)
    return cast(IO[bytes], named), named.name
