"""Small copies of images, and what tells from them whether images show the same.

The hash is dHash: of 9 by 8 gray pixels, whether each is brighter than its left neighbor
(N. Krawetz, "Kind of like that", hackerfactor.com, 2013). These are weighted means that overlap: of
copies that were cropped by 5 %, nine in ten then differ in at most 11 bits, else two in three. A
copy is made by averaging boxes of pixels, which costs a few percent of decoding; shrinking the
image itself with a filter would cost half of it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bnstat.decode.modes import appearance, expanded, in_8_bits, is_gray_16

_SIDE, _BLUR = 64, 2


class SmallCopy(NamedTuple):
    """Size and mode of an image, 64 by 64 gray pixels, and means of blue and red difference."""

    width: int
    height: int
    mode: str
    gray: NDArray[np.uint8]
    tint: NDArray[np.float64]

    @classmethod
    def of(cls, image: Any) -> SmallCopy:
        """Return the copy of a decoded image, or of an array."""
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
    small: Image.Image = expanded(image).resize(
        (_SIDE, _SIDE), Image.Resampling.BOX, reducing_gap=2.0
    )
    return small


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


def hashed_pixels(small: Image.Image) -> Image.Image:
    """Return the 9 by 8 gray pixels of a small copy whose differences are its hash."""
    blurred = small.convert("L").filter(ImageFilter.GaussianBlur(_BLUR))
    return blurred.resize((9, 8), Image.Resampling.BILINEAR)


def hash_of(small: Image.Image) -> int:
    """Return the 64 bits of a small copy, row by row."""
    pixels = np.asarray(hashed_pixels(small))
    return int.from_bytes(np.packbits(pixels[:, 1:] > pixels[:, :-1]).tobytes())
