"""`torchvision.transforms.v2.Normalize`: as a snippet to paste, and as the transform itself.

https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.Normalize.html
"""

from __future__ import annotations

from ctypes import c_float
from typing import TYPE_CHECKING

from bnstat.errors import ExportError
from bnstat.export.target import Target, chosen
from bnstat.export.wording import origin, vector
from bnstat.stats import Estimate, Stats

if TYPE_CHECKING:
    from torchvision.transforms import v2

# No comment in the first two lines: Python reads an encoding out of one, and a file may have a
# name that looks like it.
_SNIPPET = """\
import torch
from torchvision.transforms import v2

# {origin}
normalize = v2.Compose(
    [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(mean={mean}, std={std}),
    ]
)
"""


def normalize(stats: Stats, method: str = "two-pass") -> v2.Normalize:
    """Return the transform that brings the measured images to mean 0 and std 1.

    It takes float images of shape (..., C, H, W) in [0, 1], as `v2.ToDtype(torch.float32,
    scale=True)` makes them, and returns (image − mean) / std.

    Raises
    ------
    ExportError
        If the result has no such method, or a channel's std is 0.
    """
    from torchvision.transforms import v2

    estimate = _usable(stats, method)
    return v2.Normalize(mean=list(estimate.mean), std=list(estimate.std))


def render(stats: Stats, method: str) -> bytes:
    """Return the snippet as UTF-8; it runs as pasted."""
    estimate = _usable(stats, method)
    return _SNIPPET.format(
        origin=origin(stats, method), mean=vector(estimate.mean), std=vector(estimate.std)
    ).encode()


def _usable(stats: Stats, method: str) -> Estimate:
    estimate = chosen(stats, method)
    for channel, std in zip(stats.channels, estimate.std, strict=True):
        if c_float(std).value == 0.0:  # as Normalize would have it
            raise ExportError(
                f"channel {channel} has std 0, as all its samples are equal; Normalize would "
                "divide by zero"
            )
    return estimate


TARGET = Target(
    name="normalize",
    writes="torchvision.transforms.v2 snippet with Normalize",
    render=render,
)
