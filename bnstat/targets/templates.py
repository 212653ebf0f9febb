"""The text of each form that is a snippet; `snippets.FIELDS` says what stands in the braces.

No comment may come in the first two lines of a Python file: Python reads an encoding out of one,
and a source may have a name that looks like it.
"""

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
