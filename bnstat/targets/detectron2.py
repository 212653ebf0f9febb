"""Detectron2: `MODEL.PIXEL_MEAN` and `PIXEL_STD` of a YAML config, in 0-255.

https://detectron2.readthedocs.io/en/latest/modules/config.html#yaml-config-references
"""

from __future__ import annotations

from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.config import Config, check_kind
from bnstat.targets.figures import Figures
from bnstat.targets.snippets import FIELDS

# Names that configs of Detectron2 have; one with a _BASE_ may have few others.
_MARKS = (
    "_BASE_",
    "VERSION",
    "MODEL.META_ARCHITECTURE",
    "MODEL.PIXEL_MEAN",
    "MODEL.WEIGHTS",
    "INPUT.FORMAT",
)


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized, in the order of INPUT.FORMAT."""
    return {
        "MODEL": {
            "PIXEL_MEAN": figures.numbers(figures.mean),
            "PIXEL_STD": figures.numbers(figures.nonzero_std),
        }
    }


def changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `fields` for a config whose images have the figures' order of channels."""
    check_kind(config, _MARKS, "a config of Detectron2")
    _check_order(config, figures)
    return fields(figures)


def _check_order(config: Config, figures: Figures) -> None:
    node = config.get("INPUT", "FORMAT")  # of YAML: (tag, text)
    order = node[1] if isinstance(node, tuple) else "BGR"
    measured = FIELDS["mode"](figures)
    if order == measured:
        return
    if node is None:
        raise ExportError(
            f"it has no INPUT.FORMAT, which is BGR by default: add FORMAT: {measured}"
        )
    advice = f": --channel-order {order.lower()}" if {order, measured} == {"RGB", "BGR"} else ""
    raise ExportError(f"its INPUT.FORMAT is {order}, not {measured}{advice}")
