"""YAML 1.2, https://yaml.org/spec/1.2.2/."""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.literals import literal
from bnstat.targets.named_values import named_values
from bnstat.targets.target import BOTH, Target


def render(figures: Figures) -> bytes:
    """Return a mapping; its values are written as in JSON, which YAML includes."""
    return "".join(
        f"{name}: {literal(value)}\n" for name, value in named_values(figures).items()
    ).encode()


TARGET = Target(
    name="yaml", writes="the figures as YAML", render=render, file="figures.yaml", scales=BOTH
)
