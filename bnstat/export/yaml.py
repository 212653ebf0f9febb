"""YAML 1.2, https://yaml.org/spec/1.2.2/."""

from __future__ import annotations

from bnstat.export.figures import Figures
from bnstat.export.plain import facts
from bnstat.export.target import BOTH, Target
from bnstat.export.wording import dumped


def render(figures: Figures) -> bytes:
    """Return a mapping; its values are written as in JSON, which YAML includes."""
    return "".join(f"{name}: {dumped(value)}\n" for name, value in facts(figures).items()).encode()


TARGET = Target(
    name="yaml", writes="the figures as YAML", render=render, file="figures.yaml", scales=BOTH
)
