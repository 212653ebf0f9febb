"""OpenCLIP: the `preprocess_cfg` of an `open_clip_config.json`.

https://github.com/mlfoundations/open_clip/blob/main/src/open_clip/transform.py (`PreprocessCfg`)
"""

from __future__ import annotations

from typing import Any

from bnstat.targets.figures import Figures
from bnstat.targets.geometry import geometry
from bnstat.targets.target import Target
from bnstat.targets.wording import indented


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized."""
    return {
        "preprocess_cfg": {
            "mean": figures.numbers(figures.mean),
            "std": figures.numbers(figures.divisors),
        }
    }


def render(figures: Figures) -> bytes:
    """Return the file; a model's own config has a `model_cfg` beside."""
    preprocess = _sizes(figures) | fields(figures)["preprocess_cfg"]
    return indented({"preprocess_cfg": preprocess, "bnstat": figures.provenance})


def _sizes(figures: Figures) -> dict[str, Any]:
    found = geometry(figures.stats.pipeline.transforms)
    if found.final is None:
        return {}
    sizes: dict[str, Any] = {"size": list(found.final)}
    if found.interpolation in ("bilinear", "bicubic") and found.resize is not None:
        sizes["interpolation"] = found.interpolation
    if found.squashed and found.crop is None:
        sizes["resize_mode"] = "squash"
    return sizes


TARGET = Target(
    name="open_clip",
    writes="preprocess_cfg of an open_clip_config.json",
    render=render,
    file="open_clip_config.json",
    channels=(3,),
    fields=fields,
    syntax="json",
)
