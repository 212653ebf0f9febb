"""Small copies of images, and what tells from them whether images show the same.

The hash is dHash: of 9 by 8 gray cells, whether each is brighter than its left neighbor
(N. Krawetz, "Kind of like that", hackerfactor.com, 2013), here brighter by more than light that
falls off over the image makes it: else all skies had one hash. A cell is a mean of pixels with
Gaussian weights, so that neighbors overlap and few bits change where a copy is cropped; the corners
of an image are hashed, too, as a crop of 5 % is near one of them. A copy is made by averaging boxes
of pixels, of a large image of some that are picked evenly, which costs a few percent of decoding;
shrinking the image itself with a filter would cost half of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.decode.modes import appearance, expanded, in_8_bits, is_gray_16

_SIDE = 64
# Of a longer side, so many pixels are picked: 8 by 8 of each box.
_PICKED = 512
# Of the cells' means: the std of their weights, in cells; and the ends of what is hashed, as shares
# of the image: the whole, and what is left of it when 5 % are cut off at either end.
_CELL_STD = 0.5
_ENDS = ((0.0, 1.0), (0.0, 0.95), (0.05, 1.0))
CORNERS = 4
# Cells that differ by less, in gray levels, are equal: so are all of a flat image.
_MIN_STEP = 0.01


class SmallCopy(NamedTuple):
    """Size and mode of an image, 64 by 64 gray pixels, and means of blue and red difference."""

    width: int
    height: int
    mode: str
    gray: NDArray[np.uint8]
    tint: NDArray[np.float64]

    @classmethod
    def of(cls, image: Any) -> SmallCopy:
        colors = np.asarray(boxed(image).convert("RGB").convert("YCbCr"))
        width, height, mode, *_ = appearance(image, deep=False)
        gray = colors[..., 0].copy()  # a view would hold the colors
        return cls(width, height, mode, gray, colors[..., 1:].mean(axis=(0, 1)))


def boxed(image: Any) -> Image.Image:
    """Return a decoded image, or an array, in 64 by 64 pixels; its shape is lost."""
    if not isinstance(image, Image.Image) or image.mode in ("F", "I"):
        image = _stretched(image)
    elif is_gray_16(image):
        image = in_8_bits(image, "L")
    whole: Image.Image = expanded(image)
    picked = min(whole.width, _PICKED), min(whole.height, _PICKED)
    if picked != whole.size:
        whole = whole.resize(picked, Image.Resampling.NEAREST)
    return whole.resize((_SIDE, _SIDE), Image.Resampling.BOX, reducing_gap=2.0)


def _stretched(image: Any) -> Image.Image:
    """Return samples of no known scale as gray, from the least to the largest.

    image: PIL floats, an array (H, W[, C]) or a tensor (C, H, W).
    """
    if hasattr(image, "detach"):
        image = np.moveaxis(image.detach().cpu().float().numpy(), 0, -1)
    samples = np.nan_to_num(np.asarray(image, np.float64))
    gray = samples.mean(axis=2) if samples.ndim == 3 else samples
    least, largest = gray.min(), gray.max()
    return Image.fromarray((255 * (gray - least) / ((largest - least) or 1)).astype(np.uint8))


def hashes_of(small: Image.Image) -> NDArray[np.uint64]:
    """Return the 64-bit hashes of a small copy: of the whole, and of its four corners.

    Bits are row by row, the first is the highest.
    """
    differences = _differences(np.asarray(small.convert("L"), np.float32))
    light = _light()
    of_light = light @ (light.transpose(0, 2, 1) @ differences[..., None])
    steeper = differences - of_light[..., 0] > _MIN_STEP
    return np.packbits(steeper, axis=1).view(">u8")[:, 0].astype(np.uint64)


def _differences(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much brighter cells are than their left neighbors, in each box: (5, 64)."""
    cells = (_weights(8) @ gray @ _weights(9).T).reshape(len(_ENDS), 8, len(_ENDS), 9)
    differences = np.diff(cells, axis=3).transpose(0, 2, 1, 3).reshape(-1, 64)
    return np.asarray(differences[[0, 4, 5, 7, 8]])  # the whole, or an end, in both directions


@cache
def _weights(cells: int) -> NDArray[np.float32]:
    """Return the weights of pixels in cells of a line, for each two ends: (ends * cells, side)."""
    pixels = (np.arange(_SIDE) + 0.5) / _SIDE
    lines = [
        (pixels - low) / (high - low) * cells - np.arange(cells)[:, None] - 0.5
        for low, high in _ENDS
    ]
    weights = np.exp(-np.square(np.concatenate(lines) / _CELL_STD) / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray(weights, np.float32)


@cache
def _light() -> NDArray[np.float32]:
    """Return orthogonal differences that light makes which falls off quadratically: (5, 64, 3)."""
    y, x = np.asarray(np.mgrid[-1:1:64j, -1:1:64j], np.float32)
    of_surfaces = np.stack([_differences(surface) for surface in (x, x * x, x * y)], axis=2)
    return np.asarray(np.linalg.qr(of_surfaces)[0], np.float32)
