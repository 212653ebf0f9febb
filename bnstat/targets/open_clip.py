"""OpenCLIP: the `preprocess_cfg` of an `open_clip_config.json`.

https://github.com/mlfoundations/open_clip/blob/main/src/open_clip/transform.py (`PreprocessCfg`)
"""

from __future__ import annotations

from typing import Any

from bnstat.targets.config import Config, check_kind
from bnstat.targets.figures import Figures
from bnstat.targets.geometry import geometry
from bnstat.targets.literals import json_file


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized."""
    return {
        "preprocess_cfg": {
            "mean": figures.numbers(figures.mean),
            "std": figures.numbers(figures.nonzero_std),
        }
    }


def changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `fields` for a config that OpenCLIP reads them from."""
    check_kind(config, ("model_cfg", "preprocess_cfg"), "an open_clip_config.json")
    return fields(figures)


def render(figures: Figures) -> bytes:
    """Return the file; a model's own config has a `model_cfg` beside."""
    preprocess = _sizes(figures) | fields(figures)["preprocess_cfg"]
    return json_file({"preprocess_cfg": preprocess, "bnstat": figures.provenance})


def _sizes(figures: Figures) -> dict[str, Any]:
    pipeline = geometry(figures.stats.pipeline.transforms)
    if pipeline.final is None:
        return {}
    sizes: dict[str, Any] = {"size": list(pipeline.final)}
    if pipeline.interpolation in ("bilinear", "bicubic") and pipeline.resize is not None:
        sizes["interpolation"] = pipeline.interpolation
    if pipeline.squashed and pipeline.crop is None:
        sizes["resize_mode"] = "squash"
    return sizes
