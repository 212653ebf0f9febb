"""Which samples of an image count: masks; transparent pixels; samples that stand for "no data".

Planes of masks are Pillow images, as `Image.histogram(mask)` counts under one in C, and as a table
of 256 values makes one from an 8-bit band without a copy to numpy.

A pixel is transparent where its alpha is 0. Alpha is a band of its own (RGBA, LA, PA), a table
beside a palette, or one colour that a PNG's tRNS chunk or a GIF declares transparent.

No data is a value in stored units, before any conversion of mode. A scalar leaves out samples, each
channel on its own; a tuple leaves out pixels that equal the whole of it. "auto" takes what the file
itself names: the TIFF tag GDAL_NODATA (https://gdal.org/en/stable/drivers/raster/gtiff.html), or
the gray or colour of a PNG's tRNS chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageColor

from bnstat.decode.modes import (
    FLOAT,
    MASK,
    NATIVE,
    VISIBLE,
    UnmeasurableError,
    decoded_gray,
    is_gray_16,
    note,
)
from bnstat.text import pluralize

_GDAL_NODATA = 42113
# All 8-bit bands have the smallest value, or the largest, if the band that is farthest from it has.
_FARTHEST: Mapping[float, Callable[[Image.Image, Image.Image], Image.Image]] = {
    0: ImageChops.lighter,
    255: ImageChops.darker,
}
Values: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class SampleMask:
    """Which samples of an image count.

    planes: images of mode "L", 255 where a sample counts and 0 elsewhere: one for all channels, or
    one for each channel.
    """

    planes: tuple[Image.Image, ...]

    @classmethod
    def of_array(cls, counts: NDArray[np.bool_]) -> SampleMask:
        """Return the mask of a boolean array of shape (H, W) or (C, H, W)."""
        return cls(tuple(map(plane_of, counts[np.newaxis] if counts.ndim == 2 else counts)))

    def array(self) -> NDArray[np.bool_]:
        return np.stack([np.asarray(plane) > 0 for plane in self.planes])

    def plane(self, channel: int) -> Image.Image:
        return self.planes[channel if len(self.planes) > 1 else 0]

    def __and__(self, other: SampleMask) -> SampleMask:
        many = max(len(self.planes), len(other.planes))
        pairs = ((self.plane(channel), other.plane(channel)) for channel in range(many))
        return SampleMask(tuple(ImageChops.darker(one, two) for one, two in pairs))

    def of_any_sample(self) -> SampleMask:
        return SampleMask((reduce(ImageChops.lighter, self.planes),))

    def excluded_counts(self, channels: int) -> tuple[int, ...]:
        return tuple(self.plane(channel).histogram()[0] for channel in range(channels))


def plane_of(counts: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(counts.astype(np.uint8) * 255)


def plane_of_values(band: Image.Image, counts: Callable[[int], bool]) -> Image.Image:
    """Return the plane of an 8-bit band of which these values count; mode 1 has 0 and 255."""
    gray = band.convert("L") if band.mode == "1" else band
    return gray.point([255 * counts(value) for value in range(256)], "L")


def visible(image: Image.Image) -> SampleMask | None:
    """Return the mask of the pixels that are not fully transparent; None if all are visible."""
    plane = _alpha_plane(image)
    if plane is None or plane.getextrema()[0] == 255:
        return None
    return SampleMask((plane,))


def _alpha_plane(image: Image.Image) -> Image.Image | None:
    if VISIBLE in image.info:
        plane: Image.Image = image.info[VISIBLE]
        return plane
    if not image.has_transparency_data:
        return None
    if image.getbands()[-1] in ("A", "a"):
        return plane_of_values(image.getchannel(len(image.getbands()) - 1), bool)
    key = image.info.get("transparency")
    if is_gray_16(image):
        return plane_of(np.asarray(image) != key)
    if key is None or len(image.getbands()) > 1:  # some palettes have their alpha in themselves
        return plane_of_values(image.convert("RGBA").getchannel("A"), bool)
    if isinstance(key, bytes):  # of each index its alpha; those behind the end are opaque
        return plane_of_values(image, lambda index: key[index : index + 1] != b"\0")
    return plane_of_values(image, lambda value: bool(value != key))


def over(image: Image.Image, color: str) -> Image.Image:
    """Return an image composed over a colour, without alpha; gray over gray stays gray."""
    background = ImageColor.getrgb(color)[:3]
    if (plane := image.info.get(VISIBLE)) is not None:
        return Image.composite(image, Image.new("RGB", image.size, background), plane)
    if not image.has_transparency_data:
        return image
    gray = len(set(background)) == 1
    if is_gray_16(image):
        deep = np.asarray(image).copy()
        deep[deep == image.info["transparency"]] = ImageColor.getcolor(color, "L") * 257
        return Image.fromarray(deep)
    below = Image.new("RGBA", image.size, (*background, 255))
    composed = Image.alpha_composite(below, image.convert("RGBA"))
    return composed.convert("L" if gray and image.mode in ("L", "LA", "La", "1") else "RGB")


@dataclass(frozen=True)
class Nodata:
    """What is left out; `values` is one number, or one for each channel, or None for "auto"."""

    values: Values | None

    @classmethod
    def read(cls, text: str) -> Nodata:
        """Return what is typed: "0", "nan", "0,0,0" or "auto"; raise ValueError if it is none."""
        return cls(None if text == "auto" else tuple(map(float, text.split(","))))

    def counted(self, image: Image.Image) -> SampleMask | None:
        """Return the mask of an image's samples, a plane for each of its bands; None is all."""
        if self.values is None and (plane := image.info.get(VISIBLE)) is not None:
            return SampleMask((plane,))
        values = _declared(image) if self.values is None else self.values
        if values is None:
            return None
        values = tuple(decoded_gray(image, value) for value in values)
        if len(values) > 1:
            return _not_all_equal(image, values)
        planes = tuple(_plane(band, values[0]) for band in _bands(image))
        return SampleMask(planes) if any(map(_leaves_out, planes)) else None

    def value_in(self, image: Image.Image, mode: str) -> int | None:
        """Return the 8-bit value that stands for all that is left out; None where none does.

        It does for one value of samples that are counted as they are stored: then a histogram
        without that value is one of those that count.
        """
        if self.values is None or len(self.values) > 1:
            return None
        value = decoded_gray(image, self.values[0])
        if value not in range(256):
            return None
        as_stored = {"L": ("L", "RGB", NATIVE), "RGB": ("RGB", NATIVE)}.get(image.mode, ())
        return int(value) if mode in as_stored else None


def _declared(image: Image.Image) -> Values | None:
    """Return the value that the file names, if it names one."""
    tags = getattr(image, "tag_v2", {})
    if _GDAL_NODATA in tags:
        try:
            return (float(str(tags[_GDAL_NODATA]).strip("\0 ")),)
        except ValueError:
            return None
    if image.format != "PNG":
        return None
    key = image.info.get("transparency")
    if isinstance(key, int) and image.mode != "P":
        return (float(key),)
    return tuple(map(float, key)) if isinstance(key, tuple) else None


def declared_mask(image: Image.Image) -> SampleMask | None:
    """Return which pixels the mask of a TIFF lets count; None where it has none, or all do."""
    counts = image.info[MASK]() if MASK in image.info else None
    return None if counts is None or counts.all() else SampleMask.of_array(counts)


def note_declared(image: Image.Image) -> None:
    """Note of an image of which all samples count that its TIFF declares some as no data."""
    tags = getattr(image, "tag_v2", {})
    if MASK in image.info:
        note(image, "mask-ignored")
    if _GDAL_NODATA in tags and Nodata(None).counted(image) is not None:
        note(image, "nodata", str(tags[_GDAL_NODATA]).strip("\0 "))


def note_alpha(image: Image.Image, shown: SampleMask) -> None:
    if image.format == "TIFF" and image.getbands()[-1] == "A":
        band, (pixels,) = len(image.getbands()), shown.excluded_counts(1)
        note(image, "alpha-band", f"band {band} left out {pixels:,} pixels")


def _not_all_equal(image: Image.Image, values: Values) -> SampleMask | None:
    bands = _bands(image)
    if len(bands) == 1 and len(set(values)) == 1:  # gray, which is that colour in all channels
        values = values[:1]
    if len(values) != len(bands):
        raise UnmeasurableError(
            f"has {pluralize(len(bands), 'channel')}, and --nodata names {len(values)}"
        )
    farthest = _FARTHEST.get(values[0]) if len(set(values)) == 1 < len(values) else None
    if farthest is None:
        whole = reduce(ImageChops.lighter, map(_plane, bands, values))
    else:
        whole = _plane(reduce(farthest, bands), values[0])
    return SampleMask((whole,)) if _leaves_out(whole) else None


def _leaves_out(plane: Image.Image) -> bool:
    return plane.histogram()[0] > 0


def _bands(image: Image.Image) -> list[Image.Image]:
    if is_gray_16(image) or image.mode in (FLOAT, "I", "P"):
        return [image]
    names = image.getbands()
    bands = zip(names, image.split(), strict=True)
    return [band for name, band in bands if name not in ("A", "a", "X")]


def _plane(band: Image.Image, value: float) -> Image.Image:
    """Return 255 where a band's samples do not equal the value."""
    if band.mode in ("L", "P", "1"):
        return plane_of_values(band, lambda stored: stored != value)
    samples = np.asarray(band)
    if math.isnan(value):  # which no integer is
        return plane_of(~np.isnan(samples))
    return plane_of(samples != (np.float32(value) if band.mode == FLOAT else value))
