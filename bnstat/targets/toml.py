"""TOML 1.0, https://toml.io/en/v1.0.0."""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.literals import literal
from bnstat.targets.named_values import named_values
from bnstat.targets.target import BOTH, Target


def render(figures: Figures) -> bytes:
    """Return keys and values; numbers, texts and lists are written as in JSON."""
    lines = (f"{name} = {literal(value)}\n" for name, value in named_values(figures).items())
    return "".join(lines).encode()


TARGET = Target(
    name="toml", writes="the figures as TOML", render=render, file="figures.toml", scales=BOTH
)
