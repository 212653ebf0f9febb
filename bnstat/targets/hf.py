"""Hugging Face: the config of an image processor.

It is `preprocessor_config.json`; transformers 5 writes it into `processor_config.json` instead,
below `image_processor`, and reads it from there where both exist.

https://huggingface.co/docs/transformers/main_classes/image_processor
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.config import Config, check_kind
from bnstat.targets.figures import RGB, Figures
from bnstat.targets.geometry import INTERPOLATIONS, geometry
from bnstat.targets.literals import json_file

_PROCESSOR = "processor_config.json"
# Names that configs of image processors have, and those of tokenizers or audio have not.
_MARKS = ("image_mean", "image_processor_type", "do_rescale", "do_resize", "rescale_factor")
# What some processors do to images besides.
_OTHER_STEPS = {
    "rescale_offset": "shifts images to [-1, 1]",
    "offset": "shifts images to [-1, 1]",
    "include_top": "divides by image_std a second time",
}


def fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized; processors take `rescale_factor` times 8 bits."""
    return {
        "do_rescale": figures.scale == 1,
        "rescale_factor": 1 / figures.largest if figures.scale == 1 else 1 / 255,
        "do_normalize": True,
        "image_mean": figures.numbers(figures.mean),
        "image_std": figures.numbers(figures.nonzero_std),
    }


def render(figures: Figures) -> bytes:
    """Return the file, with the sizes of the pipeline that the figures were measured through."""
    document = {
        "do_convert_rgb": figures.channels == RGB,
        **_sizes(figures),
        **fields(figures),
        "bnstat": figures.provenance,
    }
    return json_file(document)


def changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `fields`, where the config has them: at its top or below `image_processor`."""
    inner = config.get("image_processor")
    if isinstance(inner, dict):
        _check_steps(inner)
        return {"image_processor": fields(figures)}
    check_kind(config, ("image_processor", *_MARKS), "the config of an image processor")
    _check_steps(config.content)
    _check_precedence(config, figures)
    return fields(figures)


def _check_steps(processor: dict[str, Any]) -> None:
    """Make sure that a processor does to images what the figures are for, and no more."""
    for name, does in _OTHER_STEPS.items():
        if processor.get(name) is True:
            raise ExportError(f"its {name} {does}; set it to false")


def _check_precedence(config: Config, figures: Figures) -> None:
    """Make sure that no other figures are read from the file that transformers prefers."""
    preferred = config.path.parent / _PROCESSOR
    inner = _content(preferred).get("image_processor")
    if not isinstance(inner, dict) or preferred.name == config.path.name:
        return
    if any(inner.get(name) != value for name, value in fields(figures).items()):
        raise ExportError(f"transformers reads {_PROCESSOR} beside it instead; update that first")


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _sizes(figures: Figures) -> dict[str, Any]:
    """Return what says how images are resized and cropped; some processors do if nothing does."""
    pipeline = geometry(figures.stats.pipeline.transforms)
    sizes: dict[str, Any] = {"do_resize": pipeline.resize is not None}
    if isinstance(pipeline.resize, int):
        sizes["size"] = {"shortest_edge": pipeline.resize}
    elif pipeline.resize is not None:
        sizes["size"] = _sides(pipeline.resize)
    if pipeline.resize is not None:
        sizes["resample"] = INTERPOLATIONS.index(pipeline.interpolation)
    sizes["do_center_crop"] = pipeline.crop is not None
    if pipeline.crop is not None:
        sizes["crop_size"] = _sides(pipeline.crop)
    return sizes


def _sides(size: tuple[int, int]) -> dict[str, int]:
    return {"height": size[0], "width": size[1]}
