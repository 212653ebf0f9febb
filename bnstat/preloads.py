"""Modules that workers need, to be imported once in the process that they are forked from.

It imports nothing itself, so that the command line can have that process started first of all.
"""

from __future__ import annotations

_MEASURE = "bnstat.scan.measure"
_PROBE = "bnstat.scan.probe"
_FORMATS = tuple(f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm"))
_TRANSFORMS = "bnstat.transforms"


def preloads(*, pipeline: bool, model: bool = False) -> list[str]:
    """Return what measuring images needs, with a pipeline or without, or by way of a model."""
    needed = [_PROBE if model else _MEASURE, *_FORMATS]
    return needed + [_TRANSFORMS] * (pipeline or model)
