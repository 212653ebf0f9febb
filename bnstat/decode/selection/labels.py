"""Pixels that a second image selects: a mask, or a label map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from bnstat.decode.modes import GRAY_8, GRAY_16, UnmeasurableError
from bnstat.decode.selection.mask import SampleMask, plane_of_values

_DEEP = (*GRAY_16, "I")


@dataclass(frozen=True)
class MaskRule:
    """Which values of a second image count.

    Attributes
    ----------
    values, ignore
        Values that count, and that do not. With neither, every value but 0 counts; with `ignore`
        alone, every value but these; with both, the values less the ignored.
    """

    values: tuple[int, ...] | None = None
    ignore: tuple[int, ...] | None = None

    def counts(self, value: int) -> bool:
        """Whether pixels of a value count."""
        if self.values is None:
            return value not in ((0,) if self.ignore is None else self.ignore)
        return value in self.values and value not in (self.ignore or ())

    def counted(self, labels: Image.Image, size: tuple[int, int]) -> SampleMask | None:
        """Return the mask that a decoded label map makes for an image of a size; None is all.

        Palettes are read as indices.

        Raises
        ------
        UnmeasurableError
            If it is of another size, or its pixels are not single integers.
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
