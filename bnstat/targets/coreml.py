"""Core ML: a torch model converted with its normalization.

https://apple.github.io/coremltools/docs-guides/source/image-inputs.html: an `ImageType` has one
scale for all channels and a bias for each, so the standard deviations go into the model:
https://github.com/apple/coremltools/issues/905
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_SNIPPET = """\
import coremltools as ct
import torch
from torch import nn

{comment}
BIAS = {bias}  # less the mean, in 0-255
STD = {std}


class Divided(nn.Module):
    # ImageType has one scale for all channels; with it alone stds would be wrong.
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.register_buffer("std", torch.tensor(STD).view(1, -1, 1, 1))

    def forward(self, image):
        return self.model(image / self.std)


def convert(model, height, width, **options):
    example = torch.rand(1, {channels}, height, width)
    layout = ct.colorlayout.{layout}
    image = ct.ImageType(name="image", shape=example.shape, bias=BIAS, color_layout=layout)
    traced = torch.jit.trace(Divided(model).eval(), example)
    return ct.convert(traced, inputs=[image], **options)
"""


def render(figures: Figures) -> bytes:
    """Return a function that converts a torch model, for 8-bit images."""
    gray = len(figures.channels) == 1
    bias = [-mean for mean in figures.numbers(figures.mean)]
    return _SNIPPET.format(
        comment=figures.comment,
        bias=figures.text(bias),
        std=figures.text(figures.nonzero_std),
        channels=len(figures.channels),
        layout="GRAYSCALE" if gray else figures.order.upper(),
    ).encode()


TARGET = Target(
    name="coreml",
    writes="coremltools conversion of a torch model with its normalization",
    render=render,
    file="coreml_convert.py",
    scales=(255,),
    orders=("rgb", "bgr"),
    channels=(1, 3),
)
