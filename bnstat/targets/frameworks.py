"""Files of frameworks that say how images are normalized, and how `--update` changes them.

- Hugging Face: `preprocessor_config.json` of an image processor; transformers 5 writes it into
  `processor_config.json` instead, below `image_processor`, and reads it from there where both
  exist. https://huggingface.co/docs/transformers/main_classes/image_processor
- timm: a model's `config.json`, or the flags of its training and validation scripts.
  https://huggingface.co/docs/timm/hf_hub and https://huggingface.co/docs/timm/training_script
- OpenCLIP: `preprocess_cfg` of an `open_clip_config.json`, as `PreprocessCfg` in
  https://github.com/mlfoundations/open_clip/blob/main/src/open_clip/transform.py
- Detectron2: `MODEL.PIXEL_MEAN` and `PIXEL_STD` of a YAML config, in 0-255.
  https://detectron2.readthedocs.io/en/latest/modules/config.html#yaml-config-references
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.config import Config, check_kind
from bnstat.targets.figures import RGB, Figures, json_file
from bnstat.targets.pipeline import INTERPOLATIONS, geometry
from bnstat.targets.templates import FIELDS
from bnstat.text import printable

_PROCESSOR = "processor_config.json"
# Names that configs of image processors have, and those of tokenizers or audio have not.
_HF_MARKS = ("image_mean", "image_processor_type", "do_rescale", "do_resize", "rescale_factor")
# What some processors do to images besides.
_OTHER_STEPS = {
    "rescale_offset": "shifts images to [-1, 1]",
    "offset": "shifts images to [-1, 1]",
    "include_top": "divides by image_std a second time",
}


# Names that configs of Detectron2 have; one with a _BASE_ may have few others.
_DETECTRON2_MARKS = (
    *("_BASE_", "VERSION", "MODEL.META_ARCHITECTURE", "MODEL.PIXEL_MEAN", "MODEL.WEIGHTS"),
    "INPUT.FORMAT",
)


def _mean_and_std(figures: Figures, mean: str = "mean", std: str = "std") -> dict[str, Any]:
    return {mean: figures.numbers(figures.mean), std: figures.numbers(figures.nonzero_std)}


def hf_render(figures: Figures) -> bytes:
    """Return the file, with the sizes of the pipeline that the figures were measured through."""
    document = {
        "do_convert_rgb": figures.channels == RGB,
        **_hf_sizes(figures),
        **_hf_fields(figures),
        "bnstat": figures.provenance,
    }
    return json_file(document)


def hf_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return what changes where the config has it: at its top or below `image_processor`."""
    inner = config.get("image_processor")
    if isinstance(inner, dict):
        _check_steps(inner)
        return {"image_processor": _hf_fields(figures)}
    check_kind(config, ("image_processor", *_HF_MARKS), "the config of an image processor")
    _check_steps(config.content)
    fields = _hf_fields(figures)
    _check_precedence(config, fields)
    return fields


def _hf_fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized; processors take `rescale_factor` times 8 bits."""
    return {
        "do_rescale": figures.scale == 1,
        "rescale_factor": 1 / figures.largest if figures.scale == 1 else 1 / 255,
        "do_normalize": True,
        **_mean_and_std(figures, "image_mean", "image_std"),
    }


def _hf_sizes(figures: Figures) -> dict[str, Any]:
    """Return what says how images are resized and cropped; some processors do if nothing does."""

    def sides(size: tuple[int, int]) -> dict[str, int]:
        return {"height": size[0], "width": size[1]}

    pipeline = geometry(figures.stats.pipeline.transforms)
    resize, crop, sizes = pipeline.resize, pipeline.crop, dict[str, Any]()
    sizes["do_resize"] = resize is not None
    if resize is not None:
        sizes["size"] = {"shortest_edge": resize} if isinstance(resize, int) else sides(resize)
        sizes["resample"] = INTERPOLATIONS.index(pipeline.interpolation)
    sizes["do_center_crop"] = crop is not None
    if crop is not None:
        sizes["crop_size"] = sides(crop)
    return sizes


def _check_steps(processor: dict[str, Any]) -> None:
    """Make sure that a processor does to images what the figures are for, and no more."""
    for name, does in _OTHER_STEPS.items():
        if processor.get(name) is True:
            raise ExportError(f"its {name} {does}; set it to false")


def _check_precedence(config: Config, fields: dict[str, Any]) -> None:
    """Make sure that no other figures are read from the file that transformers prefers."""
    preferred = config.path.parent / _PROCESSOR
    try:
        inner = Config(preferred, json.loads(preferred.read_bytes())).get("image_processor")
    except (OSError, ValueError, RecursionError):
        return
    if not isinstance(inner, dict) or preferred.name == config.path.name:
        return
    if any(inner.get(name) != value for name, value in fields.items()):
        raise ExportError(f"transformers reads {_PROCESSOR} beside it instead; update that first")


def timm_render(figures: Figures, *, flags: bool = False) -> bytes:
    """Return the file, or the words for a command line."""
    if flags:
        return (" ".join(_flags(figures)) + "\n").encode()
    sizes = _mean_and_std(figures) | _timm_sizes(figures)
    return json_file({"pretrained_cfg": sizes, "bnstat": figures.provenance})


def timm_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return what changes in a config that timm reads, of so many channels."""
    if not isinstance(config.get("pretrained_cfg"), dict):
        raise ExportError(
            "it has no pretrained_cfg, in which timm keeps mean and std; save the model again"
        )
    size = config.get("pretrained_cfg", "input_size")
    if isinstance(size, list) and size[:1] != [len(figures.channels)]:
        raise ExportError(f"its input_size is {size}, not of {len(figures.channels)} channels")
    return {"pretrained_cfg": _mean_and_std(figures)}


def _flags(figures: Figures) -> list[str]:
    """Return the words; without the first two pairs, the scripts load images as RGB."""
    numbers = _mean_and_std(figures, "--mean", "--std")
    words = [word for name, values in numbers.items() for word in (name, *map(repr, values))]
    if figures.channels == RGB:
        return words
    mode = shlex.quote(printable("".join(figures.channels)))
    return ["--in-chans", str(len(figures.channels)), "--input-img-mode", mode, *words]


def _timm_sizes(figures: Figures) -> dict[str, Any]:
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


def open_clip_render(figures: Figures) -> bytes:
    """Return the file; a model's own config has a `model_cfg` beside."""
    preprocess = _open_clip_sizes(figures) | _mean_and_std(figures)
    return json_file({"preprocess_cfg": preprocess, "bnstat": figures.provenance})


def open_clip_changes(config: Config, figures: Figures) -> dict[str, Any]:
    check_kind(config, ("model_cfg", "preprocess_cfg"), "an open_clip_config.json")
    return {"preprocess_cfg": _mean_and_std(figures)}


def _open_clip_sizes(figures: Figures) -> dict[str, Any]:
    pipeline = geometry(figures.stats.pipeline.transforms)
    if pipeline.final is None:
        return {}
    sizes: dict[str, Any] = {"size": list(pipeline.final)}
    if pipeline.interpolation in ("bilinear", "bicubic") and pipeline.resize is not None:
        sizes["interpolation"] = pipeline.interpolation
    if pipeline.squashed and pipeline.crop is None:
        sizes["resize_mode"] = "squash"
    return sizes


def detectron2_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return what changes in a config whose images have the figures' order of channels."""
    check_kind(config, _DETECTRON2_MARKS, "a config of Detectron2")
    node, measured = config.get("INPUT", "FORMAT"), FIELDS["mode"](figures)
    order = node[1] if isinstance(node, tuple) else "BGR"  # of YAML: (tag, text)
    if order == measured:
        return {"MODEL": _mean_and_std(figures, "PIXEL_MEAN", "PIXEL_STD")}
    if node is None:
        raise ExportError(
            f"it has no INPUT.FORMAT, which is BGR by default: add FORMAT: {measured}"
        )
    advice = f": --channel-order {order.lower()}" if {order, measured} == {"RGB", "BGR"} else ""
    raise ExportError(f"its INPUT.FORMAT is {order}, not {measured}{advice}")
