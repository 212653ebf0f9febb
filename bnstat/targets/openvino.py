"""OpenVINO: the flags of its model converter, and the same as `PrePostProcessor` lines.

https://docs.openvino.ai/2026/openvino-workflow/running-inference/optimize-inference/optimize-preprocessing/preprocessing-api-details.html
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_SNIPPET = """\
from openvino import Layout, Type
from openvino.preprocess import PrePostProcessor

{comment}
# The same for the model optimizer of OpenVINO up to 2024:
# --mean_values "{mean}" --scale_values "{std}"


def normalize(model, layout="NCHW"):
    ppp = PrePostProcessor(model)
    ppp.input().tensor().set_element_type(Type.{given})
    ppp.input().model().set_layout(Layout(layout))
    steps = ppp.input().preprocess().convert_element_type(Type.f32)
    steps.mean({mean}).scale({std})
    return ppp.build()
"""


def render(figures: Figures) -> bytes:
    """Return a function that puts the normalization into a model, whose images are 8-bit or float.

    A model from PyTorch does not say where its channels are, without which there is no `mean`.
    """
    return _SNIPPET.format(
        comment=figures.comment,
        given="u8" if figures.scale == 255 else "f32",
        mean=figures.text(figures.mean),
        std=figures.text(figures.nonzero_std),
    ).encode()


TARGET = Target(
    name="openvino",
    writes="PrePostProcessor lines, and --mean_values, --scale_values",
    render=render,
    file="openvino_normalize.py",
    scales=(255, 1),
    orders=("rgb", "bgr"),
)
