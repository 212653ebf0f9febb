"""Sizes in memory."""

from __future__ import annotations

import re

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kMGT]?)i?B?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def bytes_of(size: int | str) -> int:
    """Return a size in bytes; k, M, G and T are powers of 1024.

    >>> bytes_of("1GB"), bytes_of("1.5 MiB"), bytes_of("0"), bytes_of(4096)
    (1073741824, 1572864, 0, 4096)

    Raises
    ------
    ValueError
        If it is none.
    """
    found = _SIZE.fullmatch(str(size).strip())
    if found is None:
        raise ValueError(f"{size!r} is not a size, such as 500MB or 1GB")
    return int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])
