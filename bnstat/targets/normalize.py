"""`torchvision.transforms.v2.Normalize`: as a snippet to paste, and as the transform itself.

https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.Normalize.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bnstat.result import EXACT, Stats
from bnstat.targets.figures import Figures
from bnstat.targets.target import BOTH, Target

if TYPE_CHECKING:
    from torchvision.transforms import v2

# No comment in the first two lines: Python reads an encoding out of one, and a file may have a
# name that looks like it.
_SNIPPET = """\
import torch
from torchvision.transforms import v2

{comment}
normalize = v2.Compose(
    [
        v2.ToImage(),
        v2.ToDtype(torch.float32{scaled}),
        v2.Normalize(mean={mean}, std={std}),
    ]
)
"""


def normalize(stats: Stats, method: str = EXACT) -> v2.Normalize:
    """Return the transform that brings the measured images to mean 0 and std 1.

    It takes float images of shape (..., C, H, W) in [0, 1], as `v2.ToDtype(torch.float32,
    scale=True)` makes them, and returns (image − mean) / std.

    Raises
    ------
    ExportError
        If the result has no such method, or a channel's std is 0.
    """
    from bnstat.transforms import v2

    figures = Figures(stats, method)
    return v2.Normalize(mean=list(figures.mean), std=list(figures.nonzero_std))


def render(figures: Figures) -> bytes:
    """Return the snippet as UTF-8; it runs as pasted."""
    return _SNIPPET.format(
        comment=figures.comment,
        scaled=", scale=True" if figures.scale == 1 else "",
        mean=figures.text(figures.mean),
        std=figures.text(figures.nonzero_std),
    ).encode()


TARGET = Target(
    name="normalize",
    writes="torchvision.transforms.v2 snippet with Normalize",
    render=render,
    file="normalize.py",
    scales=BOTH,
)
