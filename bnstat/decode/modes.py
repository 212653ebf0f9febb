"""Pillow's modes: the range of their samples, conversion to 8 bits, and an image's appearance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.moments import Appearance

# Pillow's names for one 16-bit gray sample a pixel, by byte order.
GRAY_16 = ("I;16", "I;16L", "I;16B", "I;16N")
GRAY_8 = ("L", "1")
FLOAT = "F"
NATIVE = "native"
BANDS = "bands"  # of rasters, as GDAL reads them
# Modes that Pillow converts to others only by way of this one, which divides colors by their alpha.
_PREMULTIPLIED = {"La": "LA"}
# What the `info` of an image has under these names:
_BITS = "bits of the file"  # of 16-bit gray, how many its file has, where they are fewer
_STORED = "gray of the file"  # the largest value that gray has in it, and whether that is black
MASK = "mask of the file"  # what reads the mask of its file, bool of shape (H, W)
VISIBLE = "visible pixels"  # the plane of those that are, of 16-bit color with a tRNS
_MAX_VALUE = "--max-value"  # what integers are divided by, where that is asked for
_NOTES = "notes of the file"  # codes of warnings, each with a few words and a number


class UnmeasurableError(Exception):
    """An image whose samples have no defined scale, or of which there is nothing to measure."""


def is_gray_16(image: Image.Image) -> bool:
    """Whether samples are 16-bit gray; Pillow puts those of a PGM file, scaled, into mode I."""
    return image.mode in GRAY_16 or (image.mode == "I" and image.format == "PPM")


def with_bits(image: Image.Image, bits: int) -> Image.Image:
    if is_gray_16(image) and bits < 16:
        image.info[_BITS] = bits
    return image


def with_white(image: Image.Image, bits: int, *, is_zero: bool) -> Image.Image:
    """Note how gray is stored, and let white be the largest value, as Pillow has it of 8 bits."""
    largest = (1 << bits) - 1
    if bits < 8 or is_zero:
        image.info[_STORED] = largest, is_zero
    return as_stored(image)


def as_stored(image: Image.Image) -> Image.Image:
    """Return 16-bit gray with white at the other end of the range, if it is there in the file."""
    largest, is_zero = image.info.get(_STORED, (0, False))
    if is_zero and is_gray_16(image):
        samples = np.asarray(image)
        image.paste(Image.fromarray((largest - samples).astype(samples.dtype)))
    return image


def decoded_gray(image: Image.Image, stored: float) -> float:
    """Return what a value of a gray file is in its decoded image."""
    largest, is_zero = image.info.get(_STORED, (0, False))
    if not largest or not 0 <= stored <= largest:
        return stored
    value = largest - stored if is_zero else stored
    return value * (255 // largest) if largest < 255 else value


def note(image: Image.Image, code: str, text: str = "", number: int = 0) -> None:
    """Note of an image the code of a warning, a few words, and a number that is added over all."""
    image.info[_NOTES] = (*notes_of(image), (code, text, number))


def forget_notes(image: Image.Image) -> None:
    for name in (_NOTES, _BITS, _STORED, MASK):
        image.info.pop(name, None)


def notes_of(image: Any) -> tuple[tuple[str, str, int], ...]:
    notes: tuple[tuple[str, str, int], ...] = getattr(image, "info", {}).get(_NOTES, ())
    return notes


def largest_gray(image: Image.Image) -> int:
    """Return what 16-bit gray is divided by: 65535, or the largest value of the file's own bits."""
    return int((1 << image.info.get(_BITS, 16)) - 1)


def with_max_value(image: Any, most: int | None, *, deep: bool) -> Any:
    """Return an image whose integers are divided by `most`, where that is asked for."""
    if most is None or not isinstance(image, Image.Image):
        return image
    if deep and not is_gray_16(image) and image.mode not in (FLOAT, "I"):
        raise UnmeasurableError(
            "is deep color, of which Pillow gives the upper 8 bits; --mode bands reads all"
        )
    if is_gray_16(image):
        as_stored(image).info.pop(_STORED, None)
    image.info.pop(_BITS, None)
    image.info[_MAX_VALUE] = most
    return image


def max_value_of(image: Image.Image) -> int | None:
    most: int | None = image.info.get(_MAX_VALUE)
    return most


def opaque_gray(image: Image.Image) -> int:
    """Return what an opaque alpha has in the units of 16-bit gray."""
    return max_value_of(image) or 65535


def in_8_bits(image: Any, mode: str) -> Any:
    """Return an image as a pipeline receives it: 8 bits a sample, in the asked mode.

    16-bit gray v becomes v/257, rounded, and 12-bit gray v · 255/4095; any v becomes v · 255/N
    where integers are divided by N. A tensor stays as it is, and an array (H, W[, C]) becomes a PIL
    image where it can, else a tensor.
    """
    if not isinstance(image, Image.Image):
        return image if hasattr(image, "detach") else _of_array(np.asarray(image))
    most = max_value_of(image)
    if is_gray_16(image) or (image.mode == "I" and most is not None):
        deep, largest = np.asarray(image).clip(0).astype(np.uint64), most or largest_gray(image)
        scaled = (deep * 255 + largest // 2) // largest
        image, most = Image.fromarray(np.minimum(scaled, 255).astype(np.uint8)), None
    elif image.mode in (FLOAT, "I"):
        raise UnmeasurableError(f"is of mode {image.mode}, which a pipeline cannot take")
    image = expanded(image) if mode == NATIVE else converted(image, mode)
    return image if most is None else _scaled(image, most)


def _scaled(image: Image.Image, most: int) -> Image.Image:
    """Return an 8-bit image with v · 255/most for each v, rounded; alpha stays."""
    scaled = [min(255, (value * 255 + most // 2) // most) for value in range(256)]
    tables = [list(range(256)) if name == "A" else scaled for name in image.getbands()]
    return image.point([value for table in tables for value in table])


def _of_array(array: NDArray[Any]) -> Any:
    """Return an array (H, W[, C]) as torchvision's datasets do: 8 bits as a PIL image."""
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype == np.uint8 and channels in (1, 3, 4):
        return Image.fromarray(array.reshape(array.shape[:2]) if channels == 1 else array)
    import torch

    return torch.from_numpy(np.array(np.moveaxis(np.atleast_3d(array), -1, 0), order="C"))


def converted(image: Image.Image, mode: str) -> Image.Image:
    """Return an image of 8 bits a sample in the asked mode, as Pillow converts it."""
    if image.mode == mode:
        return image
    if image.mode in _PREMULTIPLIED:
        image = image.convert(_PREMULTIPLIED[image.mode])
    return image.convert(mode)


def expanded(image: Image.Image) -> Image.Image:
    """Return an image whose samples are its colours: no palette, no packed bits."""
    if image.mode in ("P", "PA"):
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.convert("L") if image.mode == "1" else image


def appearance(image: Any, *, deep: bool) -> Appearance:
    """Return what an image is like; `deep` says that its file has more than 8 bits a sample."""
    if not isinstance(image, Image.Image):
        height, width = image.shape[-2:] if hasattr(image, "detach") else np.shape(image)[:2]
        name = str(image.dtype).removeprefix("torch.")
        return width, height, name, 8 * image.dtype.itemsize, ""
    if is_gray_16(image):
        depth = largest_gray(image).bit_length()
    elif image.mode in ("F", "I"):
        depth = 32
    elif deep:  # colour, of which Pillow gives 8 bits
        depth = 16
    else:
        depth = 1 if image.mode == "1" else 8
    return (*image.size, image.mode, depth, image.format or "")
