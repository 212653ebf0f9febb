"""Replacing stretches of a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """Put `text` in the place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with all edits made; those at one place come out in their order.

    >>> apply_edits("a=1, b=2", [Edit(2, 3, "7"), Edit(8, 8, ", c=3")])
    'a=7, b=2, c=3'
    """
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*parts, text[done:]])
