"""Hugging Face: the `preprocessor_config.json` of an image processor.

https://huggingface.co/docs/transformers/main_classes/image_processor
"""

from __future__ import annotations

from typing import Any

from bnstat.export.figures import Figures
from bnstat.export.geometry import geometry
from bnstat.export.target import BOTH, Target
from bnstat.export.wording import indented

# As PIL.Image.Resampling numbers them.
_RESAMPLE = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized; processors take `rescale_factor` times 8 bits."""
    return {
        "do_rescale": figures.scale == 1,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": figures.numbers(figures.mean),
        "image_std": figures.numbers(figures.divisors),
    }


def render(figures: Figures) -> bytes:
    """Return the file, with the sizes of the pipeline that the figures were measured through."""
    document = {**_sizes(figures), **fields(figures), "bnstat": figures.provenance}
    return indented(document)


def _sizes(figures: Figures) -> dict[str, Any]:
    found = geometry(figures.stats.pipeline.transforms)
    sizes: dict[str, Any] = {"do_resize": False}
    if isinstance(found.resize, int):
        sizes = {"do_resize": True, "size": {"shortest_edge": found.resize}}
    elif found.resize is not None:
        sizes = {"do_resize": True, "size": _sides(found.resize)}
    if found.resize is not None:
        sizes["resample"] = _RESAMPLE.get(found.interpolation, _RESAMPLE["bilinear"])
    if found.crop is not None:
        sizes |= {"do_center_crop": True, "crop_size": _sides(found.crop)}
    return sizes


def _sides(size: tuple[int, int]) -> dict[str, int]:
    return {"height": size[0], "width": size[1]}


TARGET = Target(
    name="hf",
    writes="preprocessor_config.json of a Hugging Face image processor",
    render=render,
    file="preprocessor_config.json",
    scales=BOTH,
    channels=(1, 3),
    fields=fields,
    syntax="json",
)
