"""The kinds of samples that there are: modes, the channels of each, and scales."""

from __future__ import annotations

import re
from functools import lru_cache

from PIL import Image

from bnstat.decode.modes import FLOAT, GRAY_8, GRAY_16
from bnstat.moments import Kind

# Arrays of 1 to 4 channels have the modes of images.
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MANY = re.compile(r"([0-9]{1,5}) channels")


@lru_cache
def kind_of(mode: str, scale: int) -> Kind:
    """Return the kind of samples in a mode, or of an array of so many "channels"."""
    return Kind(mode, _channels(mode), scale)


def kind_of_array(channels: int, scale: int) -> Kind:
    """Return the kind of the samples of an array of so many channels."""
    return kind_of(_MODES.get(channels, f"{channels} channels"), scale)


def is_kind(kind: Kind) -> bool:
    """Whether samples can be of a kind, which a file names."""
    try:
        return kind.scale in (255, 65535, 1) and kind == kind_of(kind.mode, kind.scale)
    except (KeyError, TypeError):  # no mode of Pillow's, or no name at all
        return False


def _channels(mode: str) -> tuple[str, ...]:
    if mode in (*GRAY_8, *GRAY_16, FLOAT):
        return ("L",)
    if many := _MANY.fullmatch(mode):
        return tuple(f"C{i}" for i in range(int(many[1])))
    return Image.getmodebandnames(mode)
