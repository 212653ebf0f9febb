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
from pathlib import Path
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


def hf_fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized; processors take `rescale_factor` times 8 bits."""
    return {
        "do_rescale": figures.scale == 1,
        "rescale_factor": 1 / figures.largest if figures.scale == 1 else 1 / 255,
        "do_normalize": True,
        "image_mean": figures.numbers(figures.mean),
        "image_std": figures.numbers(figures.nonzero_std),
    }


def hf_render(figures: Figures) -> bytes:
    """Return the file, with the sizes of the pipeline that the figures were measured through."""
    document = {
        "do_convert_rgb": figures.channels == RGB,
        **_hf_sizes(figures),
        **hf_fields(figures),
        "bnstat": figures.provenance,
    }
    return json_file(document)


def hf_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `hf_fields`, where the config has them: at its top or below `image_processor`."""
    inner = config.get("image_processor")
    if isinstance(inner, dict):
        _check_steps(inner)
        return {"image_processor": hf_fields(figures)}
    check_kind(config, ("image_processor", *_HF_MARKS), "the config of an image processor")
    _check_steps(config.content)
    _check_precedence(config, figures)
    return hf_fields(figures)


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
    if any(inner.get(name) != value for name, value in hf_fields(figures).items()):
        raise ExportError(f"transformers reads {_PROCESSOR} beside it instead; update that first")


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _hf_sizes(figures: Figures) -> dict[str, Any]:
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


def timm_fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized."""
    return {
        "pretrained_cfg": {
            "mean": figures.numbers(figures.mean),
            "std": figures.numbers(figures.nonzero_std),
        }
    }


def timm_render(figures: Figures, *, flags: bool = False) -> bytes:
    """Return the file, or the words for a command line."""
    if flags:
        return (" ".join(_flags(figures)) + "\n").encode()
    document = timm_fields(figures)
    document["pretrained_cfg"] |= _timm_sizes(figures)
    document["bnstat"] = figures.provenance
    return json_file(document)


def timm_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `timm_fields` for a config that timm reads them from, of so many channels."""
    if not isinstance(config.get("pretrained_cfg"), dict):
        raise ExportError(
            "it has no pretrained_cfg, in which timm keeps mean and std; save the model again"
        )
    size = config.get("pretrained_cfg", "input_size")
    if isinstance(size, list) and size[:1] != [len(figures.channels)]:
        raise ExportError(f"its input_size is {size}, not of {len(figures.channels)} channels")
    return timm_fields(figures)


def _flags(figures: Figures) -> list[str]:
    """Return the words; without the first two pairs, the scripts load images as RGB."""
    means = [repr(n) for n in figures.numbers(figures.mean)]
    stds = [repr(n) for n in figures.numbers(figures.nonzero_std)]
    words = ["--mean", *means, "--std", *stds]
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


def open_clip_fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized."""
    return {
        "preprocess_cfg": {
            "mean": figures.numbers(figures.mean),
            "std": figures.numbers(figures.nonzero_std),
        }
    }


def open_clip_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `open_clip_fields` for a config that OpenCLIP reads them from."""
    check_kind(config, ("model_cfg", "preprocess_cfg"), "an open_clip_config.json")
    return open_clip_fields(figures)


def open_clip_render(figures: Figures) -> bytes:
    """Return the file; a model's own config has a `model_cfg` beside."""
    preprocess = _open_clip_sizes(figures) | open_clip_fields(figures)["preprocess_cfg"]
    return json_file({"preprocess_cfg": preprocess, "bnstat": figures.provenance})


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


# Names that configs of Detectron2 have; one with a _BASE_ may have few others.
_DETECTRON2_MARKS = (
    "_BASE_",
    "VERSION",
    "MODEL.META_ARCHITECTURE",
    "MODEL.PIXEL_MEAN",
    "MODEL.WEIGHTS",
    "INPUT.FORMAT",
)


def detectron2_fields(figures: Figures) -> dict[str, Any]:
    """Return what says how images are normalized, in the order of INPUT.FORMAT."""
    return {
        "MODEL": {
            "PIXEL_MEAN": figures.numbers(figures.mean),
            "PIXEL_STD": figures.numbers(figures.nonzero_std),
        }
    }


def detectron2_changes(config: Config, figures: Figures) -> dict[str, Any]:
    """Return `detectron2_fields` for a config whose images have the figures' order of channels."""
    check_kind(config, _DETECTRON2_MARKS, "a config of Detectron2")
    _check_order(config, figures)
    return detectron2_fields(figures)


def _check_order(config: Config, figures: Figures) -> None:
    node = config.get("INPUT", "FORMAT")  # of YAML: (tag, text)
    order = node[1] if isinstance(node, tuple) else "BGR"
    measured = FIELDS["mode"](figures)
    if order == measured:
        return
    if node is None:
        raise ExportError(
            f"it has no INPUT.FORMAT, which is BGR by default: add FORMAT: {measured}"
        )
    advice = f": --channel-order {order.lower()}" if {order, measured} == {"RGB", "BGR"} else ""
    raise ExportError(f"its INPUT.FORMAT is {order}, not {measured}{advice}")
