"""Transparent pixels: those whose alpha is 0, which nobody sees.

Alpha is a band of its own (RGBA, LA, PA), a table beside a palette, or one colour that a PNG's tRNS
chunk or a GIF declares transparent.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageColor

from bnstat.decode.modes import is_gray_16
from bnstat.decode.selection.mask import SampleMask, plane_of_values

_VISIBLE = [False] + [True] * 255


def visible(image: Image.Image) -> SampleMask | None:
    """Return the mask of the pixels that are not fully transparent; None if all are visible."""
    plane = _plane(image)
    if plane is None or plane.getextrema()[0] == 255:
        return None
    return SampleMask((plane,))


def _plane(image: Image.Image) -> Image.Image | None:
    if not image.has_transparency_data:
        return None
    if image.getbands()[-1] in ("A", "a"):
        return plane_of_values(image.getchannel(len(image.getbands()) - 1), _VISIBLE)
    key = image.info.get("transparency")
    if key is None:  # Pillow keeps some palettes' alpha in the palette itself
        return plane_of_values(image.convert("RGBA").getchannel("A"), _VISIBLE)
    if is_gray_16(image):
        return Image.fromarray((np.asarray(image) != key).astype(np.uint8) * 255)
    if len(image.getbands()) > 1:
        return plane_of_values(image.convert("RGBA").getchannel("A"), _VISIBLE)
    return plane_of_values(image, _visible_indices(key))


def _visible_indices(key: bytes | int) -> list[bool]:
    """Return which of 256 indices or grays are visible: `key` is the one that is not, or a table.

    Indices behind the table's end are opaque.
    """
    if isinstance(key, bytes):
        return [alpha > 0 for alpha in key[:256]] + [True] * (256 - len(key[:256]))
    return [index != key for index in range(256)]


def over(image: Image.Image, color: str) -> Image.Image:
    """Return an image composed over a colour, without alpha; an opaque one is returned as it is.

    A gray image over a gray stays gray.
    """
    if not image.has_transparency_data:
        return image
    background = ImageColor.getrgb(color)[:3]
    gray = len(set(background)) == 1
    if is_gray_16(image):
        deep = np.asarray(image).copy()
        deep[deep == image.info["transparency"]] = ImageColor.getcolor(color, "L") * 257
        return Image.fromarray(deep)
    below = Image.new("RGBA", image.size, (*background, 255))
    composed = Image.alpha_composite(below, image.convert("RGBA"))
    return composed.convert("L" if gray and image.mode in ("L", "LA", "La", "1") else "RGB")


def check_color(text: str) -> None:
    """Raise ValueError unless a colour has meaning: a name, #rgb, #rrggbb or rgb(…)."""
    ImageColor.getrgb(text)
