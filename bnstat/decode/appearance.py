"""What a decoded image is like, besides its samples."""

from __future__ import annotations

from typing import TypeAlias

from PIL import Image

from bnstat.decode.modes import is_gray_16, largest_gray

# Width and height in pixels, Pillow's mode, and the bits of a sample in the file. A plain tuple, as
# one with names takes ten times as long on its way out of the worker.
Appearance: TypeAlias = tuple[int, int, str, int]


def appearance(image: Image.Image, *, deep: bool) -> Appearance:
    """Return what an image is like; `deep` says that its file has more than 8 bits a sample."""
    if is_gray_16(image):
        depth = largest_gray(image).bit_length()
    elif image.mode in ("F", "I"):
        depth = 32
    elif deep:  # colour, of which Pillow gives 8 bits
        depth = 16
    else:
        depth = 1 if image.mode == "1" else 8
    return (*image.size, image.mode, depth)
