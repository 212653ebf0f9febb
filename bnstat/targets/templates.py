"""The text of each form that is a snippet; `FIELDS` says what stands in the braces.

No comment may come in the first two lines of a Python file: Python reads an encoding out of one,
and a source may have a name that looks like it.
"""

from __future__ import annotations

from collections.abc import Callable
from string import Formatter

from bnstat.targets.figures import Figures, json_file

# https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.Normalize.html
NORMALIZE = """\
import torch
from torchvision.transforms import v2

{comment}
normalize = v2.Compose(
    [
        v2.ToImage(),
        v2.ToDtype(torch.float32{to_unit}),
        v2.Normalize(mean={mean}, std={std}),
    ]
)
"""

# https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_buffer
MODULE = '''\
import torch
from torch import nn

{comment}
MEAN = {mean}
STD = {std}


class InputNorm(nn.Module):
    """(image - MEAN) / STD, for float images of shape (N, {channels}, H, W) {range}."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, -1, 1, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return (image - self.mean) / self.std
'''

# https://albumentations.ai/explore/transform/Normalize/
# It takes 8-bit images of shape (H, W, C), and multiplies mean and std by `max_pixel_value`.
ALBUMENTATIONS = """\
import albumentations as A

{comment}
normalize = A.Normalize(
    mean={mean},
    std={std},
    max_pixel_value={largest},
)
"""

# https://mmengine.readthedocs.io/en/latest/api/generated/mmengine.model.ImgDataPreprocessor.html
# OpenMMLab loads BGR in 0-255; mean and std are in the order that follows `bgr_to_rgb`.
MMENGINE = """\
# -*- coding: utf-8 -*-

{comment}
data_preprocessor = dict(
    type="ImgDataPreprocessor",
    mean={mean},
    std={std},
    bgr_to_rgb={swapped},
)
"""

# https://detectron2.readthedocs.io/en/latest/modules/config.html#yaml-config-references
DETECTRON2 = """\
{comment}
INPUT:
  FORMAT: {mode}
MODEL:
  PIXEL_MEAN: {mean}
  PIXEL_STD: {std}
"""

# https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
KERAS = """\
import keras

{comment}
# For images of shape (N, H, W, {channels}) {range}.
normalization = keras.layers.Normalization(
    axis=-1,
    mean={mean},
    variance={var},
)
"""

# https://docs.nvidia.com/deeplearning/dali/user-guide/docs/operations/nvidia.dali.fn.crop_mirror_normalize.html
# Channels are those of the decoder's output.
DALI = """\
from nvidia.dali import fn, types


{comment}
def normalize(images):
    return fn.crop_mirror_normalize(
        images,
        dtype=types.FLOAT,
        output_layout="CHW",
        mean={mean},
        std={std},
    )
"""

# https://docs.openvino.ai/2026/openvino-workflow/running-inference/optimize-inference/optimize-preprocessing/preprocessing-api-details.html
# A model from PyTorch does not say where its channels are, without which there is no `mean`.
OPENVINO = """\
from openvino import Layout, Type
from openvino.preprocess import PrePostProcessor

{comment}
# The same for the model optimizer of OpenVINO up to 2024:
# --mean_values "{mean}" --scale_values "{std}"


def normalize(model, layout="NCHW"):
    ppp = PrePostProcessor(model)
    ppp.input().tensor().set_element_type(Type.{element_type})
    ppp.input().model().set_layout(Layout(layout))
    steps = ppp.input().preprocess().convert_element_type(Type.f32)
    steps.mean({mean}).scale({std})
    return ppp.build()
"""

# https://apple.github.io/coremltools/docs-guides/source/image-inputs.html: an `ImageType` has one
# scale for all channels and a bias for each, so the standard deviations go into the model:
# https://github.com/apple/coremltools/issues/905
COREML = """\
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
    layout = ct.colorlayout.{color_layout}
    image = ct.ImageType(name="image", shape=example.shape, bias=BIAS, color_layout=layout)
    traced = torch.jit.trace(Divided(model).eval(), example)
    return ct.convert(traced, inputs=[image], **options)
"""

# https://github.com/Tencent/ncnn/wiki/use-ncnn-with-pytorch-or-onnx: it subtracts `mean_vals`, then
# multiplies by `norm_vals`.
NCNN = """\
import ncnn

{comment}
# In C++:
# const float mean_vals[] = {{{means}}};
# const float norm_vals[] = {{{factors}}};
# in.substract_mean_normalize(mean_vals, norm_vals);
MEAN_VALS = [{means}]
NORM_VALS = [{factors}]  # 1 / std


def normalize(mat: ncnn.Mat) -> ncnn.Mat:
    # Of {channels} channels {span}; Mat.from_pixels makes those of 8-bit images in 0-255.
    mat.substract_mean_normalize(MEAN_VALS, NORM_VALS)
    return mat
"""

# https://docs.opencv.org/4.x/d6/d0f/group__dnn.html: it swaps red and blue if asked to, subtracts
# `mean`, then multiplies by `scalefactor`, in the order that channels have after the swap.
# `blobFromImage` has one factor for all channels.
OPENCV = """\
import cv2

# {origin}
# For 8-bit {as_loaded}.
PARAMS = cv2.dnn.Image2BlobParams()
PARAMS.mean = ({means}{to_scalar})
PARAMS.scalefactor = ({factors}{to_scalar})  # 1 / std
PARAMS.swapRB = {swapped}


def blob(image):
    return cv2.dnn.blobFromImageWithParams(image, PARAMS)
"""

# https://flax.readthedocs.io/en/latest/api_reference/flax.linen/layers.html#flax.linen.BatchNorm
FLAX = """\
import jax.numpy as jnp

{comment}
# For images of shape (N, H, W, {channels}) {range}.
batch_stats = {{
    "mean": jnp.array({mean}, dtype=jnp.float32),
    "var": jnp.array({stored_var}, dtype=jnp.float32),
}}
"""


Field = Callable[[Figures], object]


def _as_loaded(figures: Figures) -> str:
    """Say which images OpenCV loads, and in which order the figures are."""
    if len(figures.channels) == 1:
        return "gray images"
    order = ", ".join(figures.channels) + ", after swapRB" * (figures.order == "rgb")
    return f"BGR images, as cv2.imread loads them; the figures are {order}"


FIELDS: dict[str, Field] = {
    "comment": lambda f: f.comment,
    "origin": lambda f: f.origin,
    "channels": lambda f: len(f.channels),
    "range": lambda f: f"in [0, {f.scale}]" if f.in_unit else "as they are",
    "span": lambda f: f"in 0-{f.scale}" if f.in_unit else "as they are",
    "mean": lambda f: f.text(f.mean),
    "std": lambda f: f.text(f.nonzero_std),
    "var": lambda f: f.text(f.var),
    # Without brackets.
    "means": lambda f: f.text(f.mean)[1:-1],
    "factors": lambda f: f.text([1 / std for std in f.nonzero_std])[1:-1],
    # coreml adds it, so it is less the mean.
    "bias": lambda f: f.text([-mean for mean in f.numbers(f.mean)]),
    # What albumentations multiplies mean and std by.
    "largest": lambda f: f.largest,
    # Whether red and blue of images in BGR are swapped.
    "swapped": lambda f: f.order == "rgb" and len(f.channels) > 1,
    # What torchvision, openvino, coreml, detectron2 and OpenCV say of the images.
    "to_unit": lambda f: ", scale=True" if f.in_unit and f.scale == 1 else "",
    "element_type": lambda f: "u8" if f.in_unit and f.scale == 255 else "f32",
    "color_layout": lambda f: "GRAYSCALE" if len(f.channels) == 1 else f.order.upper(),
    "mode": lambda f: f.order.upper() if len(f.channels) > 1 else "L",
    "as_loaded": _as_loaded,
    # A scalar of OpenCV has four values.
    "to_scalar": lambda f: ", 0.0" * (4 - len(f.channels)),
}


def fill(template: str, figures: Figures, **others: object) -> bytes:
    """Return a template with its fields, and others of its own, as UTF-8.

    Only those are made that it has: a std of 0 is refused where it is divided by.
    """
    names = {name for _, name, _, _ in Formatter().parse(template) if name} - others.keys()
    return template.format(**{name: FIELDS[name](figures) for name in names}, **others).encode()


def snippet(template: str) -> Callable[[Figures], bytes]:
    """Return what renders a template that has no options."""
    return lambda figures: fill(template, figures)


def flax(figures: Figures, *, absorb_eps: float | None = None) -> bytes:
    """Return a snippet that runs as pasted; `absorb_eps` is taken off the variance."""
    return fill(FLAX, figures, stored_var=figures.text(figures.var_less(absorb_eps)))


def albumentations(figures: Figures, *, serialized: bool = False) -> bytes:
    """Return a snippet that runs as pasted, or the dictionary that `A.from_dict` reads, as JSON."""
    if not serialized:
        return fill(ALBUMENTATIONS, figures)
    transform = {
        "__class_fullname__": "Normalize",
        "mean": figures.numbers(figures.mean),
        "std": figures.numbers(figures.nonzero_std),
        "max_pixel_value": figures.largest,
        "normalization": "standard",
        "p": 1.0,
    }
    return json_file({"transform": transform, "bnstat": figures.provenance})
