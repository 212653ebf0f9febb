"""The reading wing: a result in the form that a framework reads.

One file a target; a new one is a module with a `TARGET`, and its line here.
"""

from bnstat.export import normalize, state_dict
from bnstat.export.target import Target

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        normalize.TARGET,
        state_dict.TARGET,
    )
}

__all__ = ["TARGETS", "Target"]
