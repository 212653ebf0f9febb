"""OpenVINO: the flags of its model converter, and the same as `PrePostProcessor` lines.

https://docs.openvino.ai/2025/openvino-workflow/running-inference/optimize-inference/optimize-preprocessing/preprocessing-api-details.html
"""

from __future__ import annotations

from bnstat.export.figures import Figures
from bnstat.export.target import Target
from bnstat.export.wording import dumped

_SNIPPET = """\
from openvino import Type
from openvino.preprocess import PrePostProcessor

# {origin}
# The same for the model optimizer of OpenVINO up to 2024:
# --mean_values "{mean}" --scale_values "{std}"


def normalize(model):
    ppp = PrePostProcessor(model)
    ppp.input().preprocess().convert_element_type(Type.f32).mean({mean}).scale({std})
    return ppp.build()
"""


def render(figures: Figures) -> bytes:
    """Return a function that puts the normalization into a model."""
    return _SNIPPET.format(
        origin=figures.origin,
        mean=dumped(figures.numbers(figures.mean)),
        std=dumped(figures.numbers(figures.divisors)),
    ).encode()


TARGET = Target(
    name="openvino",
    writes="PrePostProcessor lines, and --mean_values, --scale_values",
    render=render,
    file="openvino_normalize.py",
    scales=(255, 1),
    orders=("rgb", "bgr"),
)
