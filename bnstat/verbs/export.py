"""A result in the form that a framework reads."""

from __future__ import annotations

from typing import Any

from bnstat.errors import ExportError
from bnstat.result import Stats
from bnstat.targets import TARGETS


def export(
    stats: Stats,
    format: str = "normalize",
    *,
    method: str = "two-pass",
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
    figures = target.figures(stats, method, scale=scale, order=channel_order, precision=precision)
    return target.render(figures, **options)
