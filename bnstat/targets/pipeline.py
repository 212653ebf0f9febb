"""What the text of a result's pipeline says: sizes of images, and a Normalize at its end.

Figures of images that a pipeline has normalized, as those of the images before that: with
y = (x − m)/s, the mean of x is m + s · mean(y) and its std s · std(y), so that to normalize x with
these is to normalize y with its own.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from bnstat.result import Estimate, Stats

_CROPS = ("CenterCrop", "RandomCrop")
_RESIZES = ("Resize", "RandomResizedCrop")
# Transforms that may stand behind a Normalize, as they change no value.
_TYPES_ONLY = ("ToPureTensor", "ToTensorV2")
# As Pillow numbers them.
INTERPOLATIONS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")


@dataclass(frozen=True)
class Geometry:
    """Sizes that images come out with.

    resize: (height, width), or one number for the shorter side; None where nothing resizes.
    interpolation: of the resize, one of INTERPOLATIONS: "bilinear" unless it says another.
    crop: (height, width) of a crop behind it; None where nothing crops.
    squashed: whether all of an image is resized to a height and width, not a random part of it.
    """

    resize: tuple[int, int] | int | None = None
    interpolation: str = "bilinear"
    crop: tuple[int, int] | None = None
    squashed: bool = False

    @property
    def final(self) -> tuple[int, int] | None:
        """(height, width) of every image; None where they differ."""
        return self.crop or (self.resize if isinstance(self.resize, tuple) else None)


def geometry(transforms: Sequence[str]) -> Geometry:
    """Read a result's `pipeline.transforms`; anything but a resize or crop is skipped.

    >>> geometry(["Resize(size=256)", "CenterCrop(size=224)"])
    Geometry(resize=256, interpolation='bilinear', crop=(224, 224), squashed=False)
    """
    result = Geometry()
    for text in transforms:
        name, arguments = call(text, "size")
        size = _size(arguments.get("size"))
        if name in _RESIZES and size is not None:
            target = size if name == "Resize" else _pair(size)
            squashed = name == "Resize" and isinstance(target, tuple)
            result = Geometry(target, _interpolation(arguments), squashed=squashed)
        elif name in _CROPS and size is not None:
            result = replace(result, crop=_pair(size))
    return result


def call(text: str, *positions: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a transform, and its arguments: those at the positions by their names."""
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", {}
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return "", {}
    named = {keyword.arg: _value(keyword.value) for keyword in node.keywords if keyword.arg}
    placed = {name: _value(arg) for name, arg in zip(positions, node.args, strict=False)}
    return node.func.id, named | placed


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute):
        return node.attr
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _size(value: Any) -> tuple[int, int] | int | None:
    sides = list(value) if isinstance(value, (list, tuple)) else [value]
    if not all(type(side) is int and side > 0 for side in sides) or len(sides) not in (1, 2):
        return None
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def _pair(size: tuple[int, int] | int) -> tuple[int, int]:
    return size if isinstance(size, tuple) else (size, size)


def _interpolation(arguments: dict[str, Any]) -> str:
    value = arguments.get("interpolation")
    if type(value) is int and 0 <= value < len(INTERPOLATIONS):
        return INTERPOLATIONS[value]
    name = str(value).lower().removesuffix("_exact")
    return name if name in INTERPOLATIONS else "bilinear"


def before_normalize(stats: Stats) -> Stats:
    """Return a result as one of the images before the Normalize that ends its pipeline.

    Where it has none there, or several, the result is returned as it is.
    """
    applied = [t for t in stats.pipeline.transforms if t.partition("(")[0] not in _TYPES_ONLY]
    names = [transform.partition("(")[0] for transform in applied]
    if names.count("Normalize") != 1 or names[-1] != "Normalize":
        return stats
    constants = _constants(applied[-1], len(stats.channels))
    if constants is None:
        return stats
    methods = {name: each and _moved(each, *constants) for name, each in stats.methods.items()}
    pipeline = replace(stats.pipeline, transforms=tuple(applied[:-1]), before_normalize=True)
    return replace(stats, methods=methods, pipeline=pipeline, pooled=None, conventions={})


def _constants(transform: str, channels: int) -> tuple[Sequence[float], Sequence[float]] | None:
    """Return mean and std of a Normalize, one a channel; None if they are not to be read."""
    _, arguments = call(transform, "mean", "std")
    try:
        mean, std = ([float(v) for v in arguments[name]] for name in ("mean", "std"))
    except (KeyError, TypeError, ValueError):
        return None
    each = [values * channels if len(values) == 1 else values for values in (mean, std)]
    return (each[0], each[1]) if len(each[0]) == len(each[1]) == channels else None


def _moved(estimate: Estimate, mean: Sequence[float], std: Sequence[float]) -> Estimate:
    means = zip(mean, std, estimate.mean, strict=True)
    variances = zip(std, estimate.var, strict=True)
    return replace(
        estimate,
        mean=tuple(m + s * own for m, s, own in means),
        var=tuple(s * s * own for s, own in variances),
    )
