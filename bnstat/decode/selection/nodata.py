"""Samples of a value that stands for "no data"; in stored units, before any conversion of mode.

A scalar leaves out samples, each channel on its own; a tuple leaves out pixels that equal the whole
of it. "auto" takes what the file itself names: the TIFF tag GDAL_NODATA
(https://gdal.org/en/stable/drivers/raster/gtiff.html), or the gray or colour of a PNG's tRNS chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageChops

from bnstat.decode.modes import FLOAT, NATIVE, UnmeasurableError, is_gray_16
from bnstat.decode.selection.mask import SampleMask, plane_of_values

_GDAL_NODATA = 42113
# All 8-bit bands have the smallest value, or the largest, if the band that is farthest from it has.
_FARTHEST: Mapping[float, Callable[[Image.Image, Image.Image], Image.Image]] = {
    0: ImageChops.lighter,
    255: ImageChops.darker,
}

Values: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class Nodata:
    """What is left out; `values` is one number, or one for each channel, or None for "auto"."""

    values: Values | None

    @classmethod
    def read(cls, text: str) -> Nodata:
        """Return what is typed: "0", "nan", "0,0,0" or "auto".

        Raises
        ------
        ValueError
            If it is none of these.
        """
        if text == "auto":
            return cls(None)
        return cls(tuple(float(value) for value in text.split(",")))

    def counted(self, image: Image.Image) -> SampleMask | None:
        """Return the mask of an image's samples, a plane for each of its bands; None is all.

        Raises
        ------
        UnmeasurableError
            If a tuple does not fit the image's channels.
        """
        values = _declared(image) if self.values is None else self.values
        if values is None:
            return None
        if len(values) == 1:
            return _not_equal(image, values[0])
        return _not_all_equal(image, values)

    def value_in(self, image: Image.Image, mode: str) -> int | None:
        """Return the 8-bit value that stands for all that is left out; None where none does.

        It does for one value of samples that are counted as they are stored: then a histogram
        without that value is one of those that count.
        """
        if self.values is None or len(self.values) > 1 or self.values[0] not in range(256):
            return None
        as_stored = {"L": ("L", "RGB", NATIVE), "RGB": ("RGB", NATIVE)}.get(image.mode, ())
        return int(self.values[0]) if mode in as_stored else None


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


def _not_equal(image: Image.Image, value: float) -> SampleMask | None:
    planes = tuple(_plane(band, value) for band in _bands(image))
    return SampleMask(planes) if any(map(_leaves_out, planes)) else None


def _not_all_equal(image: Image.Image, values: Values) -> SampleMask | None:
    bands = _bands(image)
    if len(bands) == 1 and len(set(values)) == 1:  # gray, which is that colour in all channels
        values = values[:1]
    if len(values) != len(bands):
        raise UnmeasurableError(
            f"has {len(bands)} channel{'s' * (len(bands) > 1)}, and --nodata names {len(values)}"
        )
    farthest = _FARTHEST.get(values[0]) if len(set(values)) == 1 < len(values) else None
    if farthest is not None:
        whole = _plane(reduce(farthest, bands), values[0])
    else:
        whole = reduce(ImageChops.lighter, map(_plane, bands, values))
    return SampleMask((whole,)) if _leaves_out(whole) else None


def _leaves_out(plane: Image.Image) -> bool:
    return plane.histogram()[0] > 0


def _bands(image: Image.Image) -> list[Image.Image]:
    """Return the bands that hold values: not alpha."""
    if is_gray_16(image) or image.mode in (FLOAT, "I", "P"):
        return [image]
    names = image.getbands()
    bands = zip(names, image.split(), strict=True)
    return [band for name, band in bands if name not in ("A", "a", "X")]


def _plane(band: Image.Image, value: float) -> Image.Image:
    """Return 255 where a band's samples do not equal the value."""
    if band.mode in ("L", "P", "1"):
        stored = [255 * (i > 0) for i in range(256)] if band.mode == "1" else range(256)
        return plane_of_values(band, [each != value for each in stored])
    samples = np.asarray(band)
    if math.isnan(value):
        counts = ~np.isnan(samples) if band.mode == FLOAT else np.ones(samples.shape, bool)
    elif band.mode == FLOAT:
        counts = samples != np.float32(value)
    else:
        counts = samples != value
    return Image.fromarray(counts.astype(np.uint8) * 255)
