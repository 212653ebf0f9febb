"""Lengths that files say of their own parts: with every step a parser goes forward, or fails.

Every parser of ours moves by `step`, or by what it has read: boxes of JPEG 2000, chunks of PNG,
headers of tar, entries of zip, pages of Parquet. A new one has a row in
tests/sources/test_lengths.py, and one in tests/fuzz/parsers.py.
"""

from __future__ import annotations

from typing import IO

from bnstat.sources.limits import UnreadableError

# Positions in files are signed 64-bit integers.
MAX_POSITION = (1 << 63) - 1


def step(at: int, length: int, part: str, *, least: int = 1) -> int:
    """Return where a part ends that begins at `at` and says that it has so many bytes.

    >>> step(100, 20, "a box")
    120
    """
    if not least <= length <= MAX_POSITION - at:
        raise UnreadableError(f"{part} cannot have {length} bytes")
    return at + length


def read_exactly(file: IO[bytes], size: int, problem: str) -> bytes:
    """Return the next bytes of a file; raise UnreadableError with the problem if it ends before."""
    data = file.read(size)
    if len(data) < size:
        raise UnreadableError(problem)
    return data
