"""A small Python file with an `nn.Module` to put first in a model: the constants are its buffers.

https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_buffer
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import BOTH, Target

_FILE = '''\
import torch
from torch import nn

{comment}
MEAN = {mean}
STD = {std}


class InputNorm(nn.Module):
    """(image - MEAN) / STD, for float images of shape (N, {channels}, H, W) in [0, {scale}]."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, -1, 1, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (image - self.mean) / self.std
'''


def render(figures: Figures) -> bytes:
    """Return the file as UTF-8; it needs torch alone."""
    return _FILE.format(
        comment=figures.comment,
        mean=figures.text(figures.mean),
        std=figures.text(figures.nonzero_std),
        channels=len(figures.channels),
        scale=figures.scale,
    ).encode()


TARGET = Target(
    name="module",
    writes="Python file with an nn.Module to put first in a model",
    render=render,
    file="input_norm.py",
    scales=BOTH,
)
