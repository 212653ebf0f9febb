"""NVIDIA DALI: arguments of `fn.crop_mirror_normalize`.

https://docs.nvidia.com/deeplearning/dali/user-guide/docs/operations/nvidia.dali.fn.crop_mirror_normalize.html
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_SNIPPET = """\
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


def render(figures: Figures) -> bytes:
    """Return a function for a pipeline definition; channels are those of the decoder's output."""
    return _SNIPPET.format(
        comment=figures.comment,
        mean=figures.text(figures.mean),
        std=figures.text(figures.nonzero_std),
    ).encode()


TARGET = Target(
    name="dali",
    writes="crop_mirror_normalize of a DALI pipeline",
    render=render,
    file="dali_normalize.py",
    scales=(255, 1),
    orders=("rgb", "bgr"),
)
