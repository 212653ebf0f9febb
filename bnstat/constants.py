"""Constants from elsewhere: well-known ones by name, those of other tools, and typed ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnstat.errors import SourceError

Floats = tuple[float, ...]
_HUGE = 1e300


@dataclass(frozen=True)
class Constants:
    """Constants from elsewhere: mean and std per channel in [0, 1], and what is known of them."""

    name: str
    mean: Floats
    std: Floats
    source: str
    convention: str


CONSTANTS = {
    constants.name: constants
    for constants in (
        Constants(
            "imagenet",
            (0.485, 0.456, 0.406),
            (0.229, 0.224, 0.225),
            "https://github.com/pytorch/vision/issues/1439",
            "most likely the mean of the images' stds, of a sample, resized and cropped",
        ),
        Constants(
            "clip",
            (0.48145466, 0.4578275, 0.40821073),
            (0.26862954, 0.26130258, 0.27577711),
            "https://github.com/openai/CLIP/blob/main/clip/clip.py",
            "not said; of the size of a pooled std",
        ),
        Constants(
            "inception",
            (0.5, 0.5, 0.5),
            (0.5, 0.5, 0.5),
            "https://github.com/huggingface/pytorch-image-models/blob/main/timm/data/constants.py",
            "none: it maps [0, 1] to [-1, 1]",
        ),
        Constants(
            "cifar10",
            (0.4914, 0.4822, 0.4465),
            (0.2470, 0.2435, 0.2616),
            "https://github.com/kuangliu/pytorch-cifar/issues/19",
            "pooled, of the training set",
        ),
        Constants(
            "mnist",
            (0.1307,),
            (0.3081,),
            "https://github.com/pytorch/examples/blob/main/mnist/main.py",
            "pooled, of the training set",
        ),
    )
}


def read(text: str) -> Constants:
    """Return typed constants, or those of a preprocessor_config.json or a timm config.json.

    Typed, they are MEAN/STD with commas: 0.485,0.456,0.406/0.229,0.224,0.225. A name of
    `CONSTANTS` is one too.

    Raises
    ------
    SourceError
        If it is none of these, or has no constants.

    Examples
    --------
    >>> read("0.5/0.25").std
    (0.25,)
    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    mean, _, std = text.partition("/")
    try:
        values = [tuple(map(float, part.split(","))) for part in (mean, std)]
    except ValueError:
        return _of_file(Path(text))
    return _checked(text, values[0], values[1], "typed")


def _of_file(path: Path) -> Constants:
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        if path.suffix == ".json":
            raise SourceError(f"cannot read constants of {path}: {error.strerror}") from error
        raise SourceError(
            f"{str(path)!r} is neither a file nor constants; write MEAN/STD, "
            "as in 0.485,0.456,0.406/0.229,0.224,0.225"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"cannot read constants of {path}: {error}") from error
    for mean, std in _places(document):
        if _is_vector(mean) and _is_vector(std):
            return _checked(str(path), mean, std, str(path))
    raise SourceError(f"{path} has no image_mean and image_std, nor pretrained_cfg.mean and .std")


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Return where constants may stand: Hugging Face, timm, open_clip, at the top."""
    if not isinstance(document, dict):
        return []
    places = [(document.get("image_mean"), document.get("image_std"))]
    for key in ("pretrained_cfg", "preprocess_cfg"):
        inner = document.get(key)
        places += [(inner.get("mean"), inner.get("std"))] if isinstance(inner, dict) else []
    return [*places, (document.get("mean"), document.get("std"))]


def _is_vector(value: Any) -> bool:
    number = all(
        isinstance(v, int | float) and not isinstance(v, bool)
        for v in (value if isinstance(value, list) else [None])
    )
    return number and bool(value)


def _checked(name: str, mean: Sequence[float], std: Sequence[float], source: str) -> Constants:
    if len(mean) != len(std):
        raise SourceError(f"{name} has {len(mean)} means and {len(std)} stds")
    if not all(0 < s < _HUGE for s in std) or not all(abs(m) < _HUGE for m in mean):
        raise SourceError(f"{name}: a std must be above 0, and all must be finite")
    return Constants(name, tuple(map(float, mean)), tuple(map(float, std)), source, "not said")
