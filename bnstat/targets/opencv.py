"""OpenCV: parameters of `dnn.blobFromImageWithParams`, which can scale each channel by itself.

https://docs.opencv.org/4.x/d6/d0f/group__dnn.html: it swaps red and blue if asked to, subtracts
`mean`, then multiplies by `scalefactor`. `blobFromImage` has one factor for all channels.
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_SNIPPET = """\
import cv2

{comment}
# They are 8-bit{loaded}.
PARAMS = cv2.dnn.Image2BlobParams()
PARAMS.mean = {mean}
PARAMS.scalefactor = {factor}  # 1 / std
PARAMS.swapRB = {swapped}


def blob(image):
    return cv2.dnn.blobFromImageWithParams(image, PARAMS)
"""


def render(figures: Figures) -> bytes:
    """Return a function that makes a float32 blob (1, C, H, W) of an image of its own size.

    Mean and factor are in the order that channels have after the swap.
    """
    colour = len(figures.channels) > 1
    factor = [1 / std for std in figures.nonzero_std]
    # A scalar of OpenCV has four values.
    padding = ", 0.0" * (4 - len(figures.channels))
    return _SNIPPET.format(
        comment=figures.comment,
        loaded=" and BGR, as cv2.imread loads them" * colour,
        mean=f"({figures.text(figures.mean)[1:-1]}{padding})",
        factor=f"({figures.text(factor)[1:-1]}{padding})",
        swapped=colour and figures.order == "rgb",
    ).encode()


TARGET = Target(
    name="opencv",
    writes="OpenCV's blobFromImageWithParams, scaled by channel",
    render=render,
    file="opencv_blob.py",
    scales=(255,),
    orders=("rgb", "bgr"),
    channels=(1, 3),
)
