"""Modules that workers need, to be imported once in the process that they are forked from.

It imports nothing itself, so that the command line can have that process started first of all.
"""

from __future__ import annotations

_MEASURE = "bnstat.measure.measure"
_FORMATS = tuple(f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm"))
_TRANSFORMS = "bnstat.transforms"


def preloads(*, pipeline: bool, work: str = _MEASURE) -> list[str]:
    """Return what work on images needs, with a pipeline or without; `work` is its own module."""
    return [work, *_FORMATS] + [_TRANSFORMS] * pipeline
