"""Detectron2: `MODEL.PIXEL_MEAN` and `PIXEL_STD` of a YAML config, in 0-255.

https://detectron2.readthedocs.io/en/latest/modules/config.html#yaml-config-references
"""

from __future__ import annotations

from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.editing import within
from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_CONFIG = """\
# {origin}
INPUT:
  FORMAT: {order}
MODEL:
  PIXEL_MEAN: {mean}
  PIXEL_STD: {std}
"""


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized, in the order of INPUT.FORMAT."""
    return {
        "MODEL": {
            "PIXEL_MEAN": figures.numbers(figures.mean),
            "PIXEL_STD": figures.numbers(figures.divisors),
        }
    }


def suits(config: Any, figures: Figures) -> None:
    """Make sure that a config's images have the figures' order of channels."""
    given = within(config, "INPUT", "FORMAT")
    said = given[1] if isinstance(given, tuple) else "BGR"
    if said == _format(figures):
        return
    if given is None:
        raise ExportError(
            f"it has no INPUT.FORMAT, which is BGR by default: add FORMAT: {_format(figures)}"
        )
    way = f": --channel-order {said.lower()}" if said in ("RGB", "BGR") else ""
    raise ExportError(f"its INPUT.FORMAT is {said}, not {_format(figures)}{way}")


def render(figures: Figures) -> bytes:
    """Return lines for a config."""
    return _CONFIG.format(
        origin=figures.origin,
        order=_format(figures),
        mean=figures.text(figures.mean),
        std=figures.text(figures.divisors),
    ).encode()


def _format(figures: Figures) -> str:
    return figures.order.upper() if len(figures.channels) > 1 else "L"


TARGET = Target(
    name="detectron2",
    writes="MODEL.PIXEL_MEAN and PIXEL_STD of a YAML config",
    render=render,
    file="detectron2.yaml",
    scales=(255,),
    orders=("bgr", "rgb"),
    channels=(1, 3),
    fields=fields,
    syntax="yaml",
    suits=suits,
)
