"""Reading what was measured."""

from __future__ import annotations

import os

from bnstat.result import Stats


def load(path: str | os.PathLike[str]) -> Stats:
    """Read a result document; "-" is standard input.

    Raises
    ------
    DocumentError
        If it cannot be read, is no result document, or is of a version not known here.
    """
    return Stats.load(path)
