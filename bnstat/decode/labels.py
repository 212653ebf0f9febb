"""Label maps as they are stored: Pillow spreads samples of few bits over 0 to 255.

It also inverts those of a TIFF in which 0 is white.
"""

from __future__ import annotations

import re
from typing import IO, Any

from PIL import Image

from bnstat.decode.decoding import load_opened
from bnstat.decode.deep_color import raw_mode
from bnstat.decode.image_formats import open_image
from bnstat.decode.modes import as_stored, note

# Pillow's words for gray of fewer bits than 8, for inverted gray, and for bits in reverse order.
_GRAY = re.compile("(1|L);?([24]?)(I?)R?")
_LOSSY = ("JPEG", "MPO")


def load_labels(file: IO[bytes], page: int | None = None) -> Image.Image:
    """Return a decoded label map with the values that are stored in its file."""
    opened: Any = open_image(file)
    if page is not None:
        opened.seek(page)
    raw = _GRAY.fullmatch(raw_mode(opened))
    image, _ = load_opened(opened, file, page)
    if opened.format in _LOSSY:
        note(image, "lossy-masks")
    return as_stored(image) if raw is None else _stored(image, raw)


def _stored(image: Image.Image, raw: re.Match[str]) -> Image.Image:
    largest = 1 if raw[1] == "1" else 2 ** int(raw[2] or 8) - 1
    labels = [value * largest // 255 for value in range(256)]
    if raw[3]:
        labels = [largest - label for label in labels]
    return image.convert("L").point(labels)
