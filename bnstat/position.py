"""Which image of its chunk a process is at, in two bytes that another process can read.

Whoever goes through a chunk says at which row it is; a worker's caller knows from it what the
worker died of, or takes too long for (`engines.processes`). Elsewhere nobody looks.
"""

from __future__ import annotations

NOWHERE = 0xFFFF  # before the first image of a chunk, and after the last

_place = memoryview(bytearray(2)).cast("H")


def show_in(place: memoryview) -> None:
    """Write the position there from now on: one unsigned 16-bit number."""
    global _place  # noqa: PLW0603 (a process has one)
    place[0] = NOWHERE
    _place = place


def at(row: int) -> None:
    """Say that the process is at an image of its chunk; chunks have at most 512."""
    _place[0] = row


def nowhere() -> None:
    """Say that the process is at no image."""
    _place[0] = NOWHERE
