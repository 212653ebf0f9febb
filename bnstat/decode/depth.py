"""How deep the samples of a file are, and whether they are signed."""

from __future__ import annotations

from PIL import Image

from bnstat.decode.modes import FLOAT, GRAY_16, UnmeasurableError

_DEEP = frozenset((*GRAY_16, FLOAT, "I"))


def deeper_than_8_bits(image: Image.Image) -> bool:
    """Whether an opened image's file has more than 8 bits a sample; ask before it is loaded."""
    if image.mode in _DEEP:
        return True
    return any(_tells_depth(tile.args) for tile in getattr(image, "tile", ()))


def _tells_depth(args: object) -> bool:
    """Whether a decoder is told a raw mode such as "RGB;16B", or PPM's largest value."""
    if isinstance(args, str):
        return ";16" in args
    if not isinstance(args, tuple):
        return False
    if len(args) == 2 and isinstance(args[1], int):  # PPM: (mode, largest value)
        return args[1] > 255
    return any(isinstance(part, str) and ";16" in part for part in args)


def check_unsigned(bits: int, signed: bool) -> None:
    """Raise UnmeasurableError if samples are signed; those of 32 bits have no scale anyway."""
    if signed and bits < 32:
        raise UnmeasurableError(f"has signed {bits}-bit samples, which have no known scale")
