"""TOML 1.0, https://toml.io/en/v1.0.0."""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.plain import facts
from bnstat.targets.target import BOTH, Target
from bnstat.targets.wording import dumped


def render(figures: Figures) -> bytes:
    """Return keys and values; numbers, texts and lists are written as in JSON."""
    lines = (f"{name} = {dumped(value)}\n" for name, value in facts(figures).items())
    return "".join(lines).encode()


TARGET = Target(
    name="toml", writes="the figures as TOML", render=render, file="figures.toml", scales=BOTH
)
