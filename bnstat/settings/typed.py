"""What people type: sizes in memory, shards, and how many epochs at most."""

from __future__ import annotations

import re

# More would keep a replay of BatchNorm busy for ever.
MAX_EPOCHS = 10_000
# Of a result, unless others are asked for.
PERCENTILES = (0.5, 1, 2, 5, 25, 50, 75, 95, 98, 99, 99.5)
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


def shard_of(text: str) -> tuple[int, int]:
    """Return the shard I of N that is typed as I/N; I counts from 1 to N.

    >>> shard_of("2/8")
    (2, 8)

    Raises
    ------
    ValueError
        If it is none.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text)
    index, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= of:
        raise ValueError(f"{text!r} is no shard I/N, such as 1/8: I counts from 1 to N.")
    return index, of
