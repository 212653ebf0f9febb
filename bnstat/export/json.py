"""JSON, RFC 8259."""

from __future__ import annotations

from bnstat.export.figures import Figures
from bnstat.export.plain import facts
from bnstat.export.target import BOTH, Target
from bnstat.export.wording import dumped


def render(figures: Figures) -> bytes:
    """Return one object, with a member a line."""
    members = (f"  {dumped(name)}: {dumped(value)}" for name, value in facts(figures).items())
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


TARGET = Target(
    name="json", writes="the figures as JSON", render=render, file="figures.json", scales=BOTH
)
