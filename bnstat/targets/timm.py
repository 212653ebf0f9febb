"""timm: a model's `config.json`, or the flags of its training and validation scripts.

https://huggingface.co/docs/timm/hf_hub and https://huggingface.co/docs/timm/training_script
"""

from __future__ import annotations

import shlex
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.config import Config
from bnstat.targets.figures import RGB, Figures
from bnstat.targets.geometry import geometry
from bnstat.targets.literals import json_file
from bnstat.text import printable


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized."""
    return {
        "pretrained_cfg": {
            "mean": figures.numbers(figures.mean),
            "std": figures.numbers(figures.nonzero_std),
        }
    }


def render(figures: Figures, *, flags: bool = False) -> bytes:
    """Return the file, or the words for a command line."""
    if flags:
        return (" ".join(_flags(figures)) + "\n").encode()
    document = fields(figures)
    document["pretrained_cfg"] |= _sizes(figures)
    document["bnstat"] = figures.provenance
    return json_file(document)


def changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `fields` for a config that timm reads them from, of so many channels."""
    if not isinstance(config.get("pretrained_cfg"), dict):
        raise ExportError(
            "it has no pretrained_cfg, in which timm keeps mean and std; save the model again"
        )
    size = config.get("pretrained_cfg", "input_size")
    if isinstance(size, list) and size[:1] != [len(figures.channels)]:
        raise ExportError(f"its input_size is {size}, not of {len(figures.channels)} channels")
    return fields(figures)


def _flags(figures: Figures) -> list[str]:
    """Return the words; without the first two pairs, the scripts load images as RGB."""
    means = [repr(n) for n in figures.numbers(figures.mean)]
    stds = [repr(n) for n in figures.numbers(figures.nonzero_std)]
    words = ["--mean", *means, "--std", *stds]
    if figures.channels == RGB:
        return words
    mode = shlex.quote(printable("".join(figures.channels)))
    return ["--in-chans", str(len(figures.channels)), "--input-img-mode", mode, *words]


def _sizes(figures: Figures) -> dict[str, Any]:
    pipeline = geometry(figures.stats.pipeline.transforms)
    if pipeline.final is None:
        return {}
    sizes: dict[str, Any] = {"input_size": [len(figures.channels), *pipeline.final]}
    if pipeline.resize is not None:
        sizes["interpolation"] = pipeline.interpolation
    if isinstance(pipeline.resize, int):
        sizes["crop_pct"] = min(pipeline.final) / pipeline.resize
    elif pipeline.squashed and pipeline.crop is None:
        sizes |= {"crop_pct": 1.0, "crop_mode": "squash"}
    return sizes
