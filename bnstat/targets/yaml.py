"""YAML 1.2, https://yaml.org/spec/1.2.2/."""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.plain import facts
from bnstat.targets.target import BOTH, Target
from bnstat.targets.wording import dumped


def render(figures: Figures) -> bytes:
    """Return a mapping; its values are written as in JSON, which YAML includes."""
    return "".join(f"{name}: {dumped(value)}\n" for name, value in facts(figures).items()).encode()


TARGET = Target(
    name="yaml", writes="the figures as YAML", render=render, file="figures.yaml", scales=BOTH
)
