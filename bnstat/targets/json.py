"""JSON, RFC 8259."""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.plain import facts
from bnstat.targets.target import BOTH, Target
from bnstat.targets.wording import dumped


def render(figures: Figures) -> bytes:
    """Return one object, with a member a line."""
    members = (f"  {dumped(name)}: {dumped(value)}" for name, value in facts(figures).items())
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


TARGET = Target(
    name="json", writes="the figures as JSON", render=render, file="figures.json", scales=BOTH
)
