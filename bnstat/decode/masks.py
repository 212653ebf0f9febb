"""The mask of an image: which of its samples count, and what a second image selects.

Planes are Pillow images, as `Image.histogram(mask)` counts under one in C, and as a table of 256
values makes one from an 8-bit band without a copy to numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from bnstat.decode.modes import GRAY_8, GRAY_16, UnmeasurableError

_DEEP = (*GRAY_16, "I")


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
        planes = counts[np.newaxis] if counts.ndim == 2 else counts
        return cls(tuple(Image.fromarray(plane.astype(np.uint8) * 255) for plane in planes))

    def array(self) -> NDArray[np.bool_]:
        """Return booleans of shape (planes, H, W)."""
        return np.stack([np.asarray(plane) > 0 for plane in self.planes])

    def plane(self, channel: int) -> Image.Image:
        """Return the plane that a channel is counted under."""
        return self.planes[channel if len(self.planes) > 1 else 0]

    def __and__(self, other: SampleMask) -> SampleMask:
        many = max(len(self.planes), len(other.planes))
        pairs = ((self.plane(channel), other.plane(channel)) for channel in range(many))
        return SampleMask(tuple(ImageChops.darker(one, two) for one, two in pairs))

    def of_any_sample(self) -> SampleMask:
        return SampleMask((reduce(ImageChops.lighter, self.planes),))

    def excluded_counts(self, channels: int) -> tuple[int, ...]:
        return tuple(self.plane(channel).histogram()[0] for channel in range(channels))


def plane_of_values(band: Image.Image, counts: Sequence[bool]) -> Image.Image:
    """Return the plane of an 8-bit band (L, P or 1) whose values count as `counts` of 256 says."""
    table = [255 * count for count in counts]
    if band.mode == "1":
        band = band.convert("L")
    return band.point(table, "L")


@dataclass(frozen=True)
class MaskRule:
    """Which values of a second image count.

    With neither `values` nor `ignore`, every value but 0 counts; with `ignore` alone, every value
    but these; with both, the values less the ignored.
    """

    values: tuple[int, ...] | None = None
    ignore: tuple[int, ...] | None = None

    def counts(self, value: int) -> bool:
        if self.values is None:
            return value not in ((0,) if self.ignore is None else self.ignore)
        return value in self.values and value not in (self.ignore or ())

    def counted(self, labels: Image.Image, size: tuple[int, int]) -> SampleMask | None:
        """Return the mask that a decoded label map makes for an image of a size; None is all.

        Palettes are read as indices.
        """
        if labels.size != size:
            width, height = labels.size
            raise UnmeasurableError(
                f"its mask has {width} × {height} pixels, the image {size[0]} × {size[1]}"
            )
        plane = self._plane(labels)
        return None if plane.getextrema()[0] == 255 else SampleMask((plane,))

    def _plane(self, labels: Image.Image) -> Image.Image:
        if labels.mode in ("P", *GRAY_8):
            stored = [i > 0 for i in range(256)] if labels.mode == "1" else range(256)
            return plane_of_values(labels, [self.counts(int(value)) for value in stored])
        if labels.mode not in _DEEP:
            raise UnmeasurableError(
                f"its mask is of mode {labels.mode}; a mask has one integer a pixel"
            )
        samples = np.asarray(labels)
        present = np.unique(samples)
        chosen = present[[self.counts(int(value)) for value in present]]
        return Image.fromarray(np.isin(samples, chosen).astype(np.uint8) * 255)
