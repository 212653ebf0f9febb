"""Pillow's modes: how deep samples are, and how an image becomes one of 8 bits a sample."""

from __future__ import annotations

import numpy as np
from PIL import Image

# Pillow's names for one 16-bit gray sample a pixel, by byte order.
GRAY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
GRAY_8 = ("L", "1")
FLOAT = "F"
NATIVE = "native"


class UnmeasurableError(Exception):
    """An image whose samples have no defined scale, or of which there is nothing to measure."""


def is_gray_16(image: Image.Image) -> bool:
    """Whether samples are 16-bit gray; Pillow puts those of a PGM file, scaled, into mode I."""
    return image.mode in GRAY_16 or (image.mode == "I" and image.format == "PPM")


def in_8_bits(image: Image.Image, mode: str) -> Image.Image:
    """Return an image as a pipeline receives it: 8 bits a sample, in the asked mode.

    16-bit gray v becomes v/257, rounded.

    Raises
    ------
    UnmeasurableError
        If samples are floats or 32-bit integers, which have no 8-bit form.
    """
    if is_gray_16(image):
        deep = np.asarray(image).astype(np.uint32)
        image = Image.fromarray(((deep + 128) // 257).astype(np.uint8))
    elif image.mode in (FLOAT, "I"):
        raise UnmeasurableError(f"is of mode {image.mode}, which a pipeline cannot take")
    if mode == NATIVE:
        return expanded(image)
    return image if image.mode == mode else image.convert(mode)


def expanded(image: Image.Image) -> Image.Image:
    """Return an image whose samples are its colours: no palette, no packed bits."""
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert("L") if image.mode == "1" else image
