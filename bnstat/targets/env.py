"""Shell variables, for `source`, POSIX.1-2024 section 2.2 (quoting)."""

from __future__ import annotations

import shlex

from bnstat.targets.figures import Figures
from bnstat.targets.named_values import named_values
from bnstat.targets.target import BOTH, Target


def render(figures: Figures) -> bytes:
    """Return assignments; lists are separated by blanks, as words of a command line are."""
    values = named_values(figures)
    return "".join(f"BNSTAT_{name.upper()}={_word(v)}\n" for name, v in values.items()).encode()


def _word(value: object) -> str:
    """Return numbers in double quotes, and texts in single ones, in which nothing is expanded."""
    if isinstance(value, str):
        return shlex.quote(value)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, str) for item in items):
        return shlex.quote(" ".join(map(str, items)))
    return f'"{" ".join(map(repr, items))}"'


TARGET = Target(
    name="env",
    writes="the figures as shell variables",
    render=render,
    file="figures.env",
    scales=BOTH,
)
