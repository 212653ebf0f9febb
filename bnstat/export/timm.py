"""timm: a model's `config.json`, or the flags of its training and validation scripts.

https://huggingface.co/docs/timm/hf_hub and https://huggingface.co/docs/timm/training_script
"""

from __future__ import annotations

from typing import Any

from bnstat.export.figures import Figures
from bnstat.export.geometry import geometry
from bnstat.export.target import Target
from bnstat.export.wording import indented


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized."""
    return {
        "pretrained_cfg": {
            "mean": figures.numbers(figures.mean),
            "std": figures.numbers(figures.divisors),
        }
    }


def render(figures: Figures, *, flags: bool = False) -> bytes:
    """Return the file, or the words for a command line."""
    if flags:
        return f"{_flags('--mean', figures.mean, figures)} {_std(figures)}\n".encode()
    document = fields(figures)
    document["pretrained_cfg"] |= _sizes(figures)
    document["bnstat"] = figures.provenance
    return indented(document)


def _std(figures: Figures) -> str:
    return _flags("--std", figures.divisors, figures)


def _flags(name: str, values: tuple[float, ...], figures: Figures) -> str:
    return " ".join([name, *map(repr, figures.numbers(values))])


def _sizes(figures: Figures) -> dict[str, Any]:
    found = geometry(figures.stats.pipeline.transforms)
    if found.final is None:
        return {}
    sizes: dict[str, Any] = {"input_size": [len(figures.channels), *found.final]}
    if found.resize is not None:
        sizes["interpolation"] = found.interpolation
    if isinstance(found.resize, int):
        sizes["crop_pct"] = min(found.final) / found.resize
    return sizes


TARGET = Target(
    name="timm",
    writes="config.json of a timm model; with --flags, words for its scripts",
    render=render,
    file="config.json",
    fields=fields,
    syntax="json",
)
