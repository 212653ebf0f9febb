"""ncnn: arguments of `Mat.substract_mean_normalize`, as Python and C++.

https://github.com/Tencent/ncnn/wiki/use-ncnn-with-pytorch-or-onnx: it subtracts `mean_vals`, then
multiplies by `norm_vals`.
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

# No comment in the first two lines: Python reads an encoding out of one.
_SNIPPET = """\
import ncnn

{comment}
# In C++:
# const float mean_vals[] = {{{means}}};
# const float norm_vals[] = {{{norms}}};
# in.substract_mean_normalize(mean_vals, norm_vals);
MEAN_VALS = [{means}]
NORM_VALS = [{norms}]  # 1 / std


def normalize(mat: ncnn.Mat) -> ncnn.Mat:
    # Of {channels} channels in 0-{scale}; Mat.from_pixels makes those of 8-bit images in 0-255.
    mat.substract_mean_normalize(MEAN_VALS, NORM_VALS)
    return mat
"""


def render(figures: Figures) -> bytes:
    """Return a function that normalizes a Mat in place, and the same in C++ as a comment."""
    norms = [1 / std for std in figures.nonzero_std]
    return _SNIPPET.format(
        comment=figures.comment,
        means=figures.text(figures.mean)[1:-1],
        norms=figures.text(norms)[1:-1],
        channels=len(figures.channels),
        scale=figures.scale,
    ).encode()


TARGET = Target(
    name="ncnn",
    writes="mean_vals and norm_vals of ncnn, as Python and C++",
    render=render,
    file="ncnn_normalize.py",
    scales=(255, 1),
    orders=("rgb", "bgr"),
)
