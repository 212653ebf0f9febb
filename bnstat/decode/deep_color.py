"""Color of 16 bits, of which Pillow gives the upper 8: the lower ones, and the color of a tRNS.

Pillow's decoders are told the order of the two bytes of a sample, and take the upper one. Told the
other order, they give the lower one.
"""

from __future__ import annotations

from typing import IO, Any

from PIL import Image, ImageChops

from bnstat.decode.image_formats import open_image

_OTHER_ORDER = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}
_OTHER_ORDER |= {other: order for order, other in _OTHER_ORDER.items()}
# Under this name, the `info` of an image has the plane of its pixels that are visible.
_VISIBLE = "visible pixels"


def low_bytes(file: IO[bytes]) -> Image.Image | None:
    """Return the lower bytes of all samples as an image; None of other formats and modes."""
    file.seek(0)
    image: Any = open_image(file)
    raw = raw_mode(image)
    if raw not in _OTHER_ORDER or not isinstance(image.tile[0].args, str):
        return None
    image.tile = [tile._replace(args=_OTHER_ORDER[raw]) for tile in image.tile]
    image.load()
    low: Image.Image = image
    return low


def raw_mode(image: Any) -> str:
    """Return how the samples of an opened image are packed in its file, before it is loaded."""
    args = image.tile[0].args if image.tile else ""
    raw = args[0] if isinstance(args, tuple) and args else args
    return raw if isinstance(raw, str) else ""


def find_visible(image: Image.Image, file: IO[bytes]) -> Image.Image:
    """Tell the pixels of a loaded PNG that are not of its tRNS's color, by all of their bits."""
    key = image.info.pop("transparency")
    low = low_bytes(file)
    assert low is not None
    same = [
        band.point([255 * (value == part) for value in range(256)])
        for parts, plane in (([v >> 8 for v in key], image), ([v & 0xFF for v in key], low))
        for part, band in zip(parts, plane.split(), strict=True)
    ]
    whole = same[0]
    for plane in same[1:]:
        whole = ImageChops.darker(whole, plane)
    image.info[_VISIBLE] = ImageChops.invert(whole)
    return image


def visible_plane(image: Image.Image) -> Image.Image | None:
    """Return the plane that `find_visible` made; None of other images."""
    plane: Image.Image | None = image.info.get(_VISIBLE)
    return plane
