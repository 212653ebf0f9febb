"""What files of other tools say of mean and std, and in which units.

They are the files that `bnstat export` writes, as frameworks have them: configs of Hugging Face,
timm, OpenCLIP and Detectron2, transforms of albumentations, and bnstat's own JSON, YAML and TOML.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bnstat.errors import SourceError
from bnstat.result import Floats

SUFFIXES = (".json", ".yaml", ".yml", ".toml")
# What some processors of Hugging Face do to images besides, so that mean and std are not theirs.
_OTHER_STEPS = ("rescale_offset", "offset", "include_top")


@dataclass(frozen=True)
class Entry:
    """Mean and std as they stand in a file, and the value that white has in its units."""

    mean: Any
    std: Any
    white: Any = 1

    def in_unit(self) -> tuple[Floats, Floats]:
        """Return mean and std for images in [0, 1]."""
        mean, std = (tuple(_float(v) / self.white for v in each) for each in (self.mean, self.std))
        return mean, std


def entry_of(path: Path) -> Entry:
    """Return the constants of a file as they stand there, in the units that it says.

    Raises SourceError if it has none, or not in known units.
    """
    content = _content(path)
    try:
        for reader in _READERS:
            entry = reader(content)
            if entry is not None and _is_vector(entry.mean) and _is_vector(entry.std):
                return entry
        raise SourceError(
            "it has no lists image_mean and image_std, nor mean and std, at its top or in "
            "image_processor, pretrained_cfg, preprocess_cfg, transform or MODEL"
        )
    except SourceError as error:
        raise SourceError(f"cannot read constants of {path}: {error}") from error


def _content(path: Path) -> Mapping[str, Any]:
    try:
        content = _parse(path.suffix.lower(), path.read_bytes())
    except OSError as error:
        if path.suffix in SUFFIXES:
            raise SourceError(f"cannot read constants of {path}: {error.strerror}") from error
        raise SourceError(
            f"{str(path)!r} is neither a file nor constants; write MEAN/STD, "
            "as in 0.485,0.456,0.406/0.229,0.224,0.225"
        ) from error
    except (ValueError, RecursionError) as error:  # of pathlib, json, tomllib
        raise SourceError(f"cannot read constants of {path}: {error}") from error
    return content if isinstance(content, dict) else {}


def _parse(suffix: str, data: bytes) -> Any:
    if suffix == ".toml":
        return tomllib.loads(data.decode(), parse_float=_decimal)
    if suffix in (".yaml", ".yml"):
        return _parse_yaml(data)
    return json.loads(data, parse_float=_decimal)


def _decimal(text: str) -> Decimal:
    """Return a number with the digits that it is written with."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:20]}... has too large an exponent") from None


def _parse_yaml(data: bytes) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise SourceError(
            "to read YAML, bnstat needs PyYAML: pip install 'bnstat[yaml]'"
        ) from error
    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


def _hugging_face(content: Mapping[str, Any]) -> Entry | None:
    """Read an image processor, of transformers 5 below `image_processor`; units are declared."""
    inner = content.get("image_processor")
    processor = inner if isinstance(inner, dict) else content
    if "image_mean" not in processor:
        return None
    if processor.get("do_normalize") is False:
        raise SourceError("its do_normalize is false, so that nothing is normalized with them")
    for name in _OTHER_STEPS:
        if processor.get(name) is True:
            raise SourceError(f"its {name} is true, so that images are not in [0, 1]")
    entry = Entry(processor["image_mean"], processor.get("image_std"), _white(processor))
    if entry.white == 255 and _all_small(entry):
        raise SourceError(
            "its do_rescale is false, but they are not for 0-255; type them for [0, 1] as MEAN/STD"
        )
    return entry


def _white(processor: Mapping[str, Any]) -> Any:
    """Return what an 8-bit 255 is where the constants apply."""
    if processor.get("do_rescale") is False:
        return 255
    factor = processor.get("rescale_factor")
    return 1 if factor is None else _number(factor, "rescale_factor") * 255


def _all_small(entry: Entry) -> bool:
    values = [v for each in (entry.mean, entry.std) if _is_vector(each) for v in each]
    return all(abs(value) <= 1 for value in values)


def _timm_or_open_clip(content: Mapping[str, Any]) -> Entry | None:
    """Read a model's config.json or open_clip_config.json, which are for [0, 1]."""
    for name in ("pretrained_cfg", "preprocess_cfg"):
        inner = content.get(name)
        if isinstance(inner, dict) and all(_is_vector(inner.get(key)) for key in ("mean", "std")):
            return Entry(inner["mean"], inner["std"])
    return None


def _albumentations(content: Mapping[str, Any]) -> Entry | None:
    """Read Normalize as `A.to_dict` has it, which multiplies both by `max_pixel_value`."""
    transform = content.get("transform")
    if not isinstance(transform, dict) or transform.get("__class_fullname__") != "Normalize":
        return None
    if transform.get("normalization", "standard") != "standard":
        raise SourceError("its normalization is not standard, but by the image")
    largest = _number(transform.get("max_pixel_value", 255.0), "max_pixel_value")
    return Entry(transform.get("mean"), transform.get("std"), 255 / largest)


def _detectron2(content: Mapping[str, Any]) -> Entry | None:
    """Read `MODEL`, for 0-255 and in the order of INPUT.FORMAT, which is BGR by default."""
    model, images = content.get("MODEL"), content.get("INPUT")
    if not isinstance(model, dict) or "PIXEL_MEAN" not in model:
        return None
    entry = Entry(model["PIXEL_MEAN"], model.get("PIXEL_STD"), 255)
    order = images.get("FORMAT", "BGR") if isinstance(images, dict) else "BGR"
    if order != "BGR" or not (_is_vector(entry.mean) and _is_vector(entry.std)):
        return entry
    return Entry(entry.mean[::-1], entry.std[::-1], 255)


def _top(content: Mapping[str, Any]) -> Entry | None:
    """Read what `bnstat export --format json|yaml|toml` writes, with its scale; and old timm."""
    if content.get("format") == "bnstat.stats":
        raise SourceError("it is a result; name it as a SOURCE")
    scale = content.get("scale", 1)
    if "mean" in content and scale not in (1, 255):
        raise SourceError(f"its scale is {scale!r}, not 1 or 255")
    return Entry(content.get("mean"), content.get("std"), scale)


_READERS: tuple[Callable[[Mapping[str, Any]], Entry | None], ...] = (
    _hugging_face,
    _timm_or_open_clip,
    _albumentations,
    _detectron2,
    _top,
)


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_number, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _number(value: Any, name: str) -> float:
    """Return a number above 0 by which constants are scaled."""
    number = _float(value) if _is_number(value) else math.nan
    if not 0 < number < math.inf:
        raise SourceError(f"its {name} is {str(value)[:40]}, not a number above 0")
    return number


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # of an integer of hundreds of digits
        return math.inf
