"""A result in the form that a framework reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bnstat.errors import ExportError
from bnstat.result import EXACT, METHODS, Stats
from bnstat.targets import TARGETS, Target, config
from bnstat.targets.figures import POOLED

__all__ = [
    "EXACT",
    "METHODS",
    "TARGETS",
    "Target",
    "export",
    "method_of",
    "update_config",
    "update_model",
]


def export(
    stats: Stats,
    format: str = "normalize",
    *,
    method: str = "two-pass",
    pooled: bool = False,
    scale: int | None = None,
    channel_order: str | None = None,
    precision: int | None = None,
    **options: Any,
) -> bytes:
    """Return the file that a framework reads, as `bnstat export` writes it.

    Parameters
    ----------
    format
        A name of docs/export.md, such as "hf" or "state_dict".
    method
        Which estimator to export: "two-pass", "welford" or "batchnorm".
    pooled
        Whether all channels get one mean and one std, those of all their samples together.
    scale
        1 for images in [0, 1], 255 for 0-255; None is what the format's readers take.
    channel_order
        "rgb" or "bgr", for formats that have an order; None is what the format's readers take.
    precision
        Significant digits of numbers in text; None is as many as give the same float32.
    options
        Those of the format: `affine`, `prefix` and `absorb_eps` of "state_dict" and "safetensors",
        `flags` of "timm", `serialized` of "albumentations".

    Raises
    ------
    ExportError
        If there is no such format or option, or the format cannot hold the result.
    """
    if format not in TARGETS:
        raise ExportError(f"no format {format!r}; the formats are {', '.join(TARGETS)}")
    target = TARGETS[format]
    for name in options.keys() - target.options:
        known = ", ".join(sorted(target.options)) or "none"
        raise ExportError(f"{format} has no option {name!r}; its own options: {known}")
    method = method_of(method, pooled)
    figures = target.figures(stats, method, scale=scale, order=channel_order, precision=precision)
    return target.render(figures, **options)


def method_of(method: str, pooled: bool) -> str:
    """Return what is exported, by name.

    Raises
    ------
    ExportError
        If figures are pooled over channels that are not those of two-pass.
    """
    if pooled and method != EXACT:
        raise ExportError(f"pooled figures are those of {EXACT}, not of {method}")
    return POOLED if pooled else method


def update_config(path: Path, stats: Stats, target: Target, **figures: Any) -> list[str]:
    """Change the normalization in a config; return the names of what has changed.

    `figures` are the keyword arguments of `Target.figures`.
    """
    if target.config is None:
        raise ExportError(f"{target.name} has no config to update")
    return config.update(target.config, path, target.figures(stats, **figures))


def update_model(
    path: Path, output: Path, stats: Stats, target: Target, options: dict[str, Any], **figures: Any
) -> str:
    """Write a model again, with a result's figures in it; return what was checked."""
    if target.bake is None:
        raise ExportError(f"{target.name} has no model to update")
    return target.bake(path, output, target.figures(stats, **figures), **options)
