"""JSON, RFC 8259."""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.literals import literal
from bnstat.targets.named_values import named_values
from bnstat.targets.target import BOTH, Target


def render(figures: Figures) -> bytes:
    """Return one object, with a member a line."""
    members = (
        f"  {literal(name)}: {literal(value)}" for name, value in named_values(figures).items()
    )
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


TARGET = Target(
    name="json", writes="the figures as JSON", render=render, file="figures.json", scales=BOTH
)
