"""Hugging Face: the `preprocessor_config.json` of an image processor.

https://huggingface.co/docs/transformers/main_classes/image_processor
"""

from __future__ import annotations

from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.editing import within
from bnstat.targets.figures import RGB, Figures
from bnstat.targets.geometry import INTERPOLATIONS, geometry
from bnstat.targets.target import BOTH, Target
from bnstat.targets.wording import indented

# What some processors do to images besides, and what that is.
_MORE = {
    "rescale_offset": "shifts images to [-1, 1]",
    "offset": "shifts images to [-1, 1]",
    "include_top": "divides by image_std a second time",
}


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
    document = {
        "do_convert_rgb": figures.channels == RGB,
        **_sizes(figures),
        **fields(figures),
        "bnstat": figures.provenance,
    }
    return indented(document)


def suits(config: Any, figures: Figures) -> None:
    """Make sure that a config's processor does to images what the figures are for, and no more."""
    for name, does in _MORE.items():
        if within(config, name) is True:
            raise ExportError(f"its {name} {does}; set it to false")


def _sizes(figures: Figures) -> dict[str, Any]:
    """Return what says how images are resized and cropped; some processors do if nothing does."""
    found = geometry(figures.stats.pipeline.transforms)
    sizes: dict[str, Any] = {"do_resize": found.resize is not None}
    if isinstance(found.resize, int):
        sizes["size"] = {"shortest_edge": found.resize}
    elif found.resize is not None:
        sizes["size"] = _sides(found.resize)
    if found.resize is not None:
        sizes["resample"] = INTERPOLATIONS.index(found.interpolation)
    sizes["do_center_crop"] = found.crop is not None
    if found.crop is not None:
        sizes["crop_size"] = _sides(found.crop)
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
    suits=suits,
)
