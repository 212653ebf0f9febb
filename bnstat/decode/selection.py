"""What is asked of the pixels that count, and what of an image then does.

Conditions add up: a sample counts if all of them let it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.decode.masks import (
    Nodata,
    SampleMask,
    declared_mask,
    note_alpha,
    note_declared,
    over,
    plane_of,
    plane_of_values,
    visible,
)
from bnstat.decode.modes import GRAY_8, GRAY_16, NATIVE, UnmeasurableError, expanded
from bnstat.settings import MeasureSettings

# Modes of label maps that are deeper than 8 bits.
_DEEP = (*GRAY_16, "I")
DROP, EXCLUDE, OVER = "drop", "exclude", "over:"


class Selected(NamedTuple):
    """An image and which of its samples count.

    image: as it is measured; mask: with one plane, or one for each channel in the asked mode; None
    where all count; transparent: whether any of its pixels are fully transparent; without: an 8-bit
    value whose samples do not count either.
    """

    image: Image.Image
    mask: SampleMask | None
    transparent: bool
    without: int | None = None

    def array(self) -> NDArray[np.bool_]:
        """Return the mask as booleans of shape (planes, H, W), all true where there is none."""
        if self.mask is None:
            return np.ones((1, self.image.height, self.image.width), dtype=bool)
        return self.mask.array()


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
            bits = labels.mode == "1"
            return plane_of_values(labels, lambda value: self.counts(value > 0 if bits else value))
        if labels.mode not in _DEEP:
            raise UnmeasurableError(
                f"its mask is of mode {labels.mode}; a mask has one integer a pixel"
            )
        samples = np.asarray(labels)
        present = np.unique(samples)
        chosen = present[[self.counts(int(value)) for value in present]]
        return plane_of(np.isin(samples, chosen))


@dataclass(frozen=True)
class Conditions:
    """When a sample counts: all of these must let it.

    alpha: "drop" takes the colours as stored, "exclude" leaves out pixels of alpha 0, "over:COLOR"
    composes the image over a colour first; nodata: samples of which value do not count; masks:
    which pixels a second image selects; exclude_fill: pixels that a pipeline filled do not count.
    """

    alpha: str = DROP
    nodata: Nodata | None = None
    masks: MaskRule | None = None
    exclude_fill: bool = False

    @property
    def excludes(self) -> bool:
        return (
            self.alpha == EXCLUDE
            or self.nodata is not None
            or self.masks is not None
            or self.exclude_fill
        )

    def of(
        self, image: Any, mode: str, labels: Image.Image | None = None, *, plain: bool = False
    ) -> Selected:
        """Return which samples of a decoded image count, in the mode in which it is measured.

        `labels` is the decoded label map, None where there is none and all pixels count; `plain`
        says that samples are counted as they are: a single value then needs no mask.
        """
        if not isinstance(image, Image.Image):
            if self.excludes or self.alpha != DROP:
                raise UnmeasurableError("is no PIL image, of which alone pixels are selected")
            return Selected(image, None, False)
        shown = visible(image)
        masks: list[SampleMask | None] = []
        without = None
        if self.alpha == EXCLUDE and shown is not None:
            note_alpha(image, shown)
            masks.append(shown)
        composed = self.alpha.startswith(OVER)
        if self.nodata is None:
            note_declared(image)
        else:
            without = self.nodata.value_in(image, mode) if plain and not composed else None
            if self.nodata.values is None:
                masks.append(declared_mask(image))
            if without is None and (counted := self.nodata.counted(image)) is not None:
                masks.append(_in_mode(counted, image, mode))
        if self.masks is not None and labels is not None:
            masks.append(self.masks.counted(labels, image.size))
        if composed:
            image = over(image, self.alpha.removeprefix(OVER))
        found = [mask for mask in masks if mask is not None]
        return Selected(image, reduce(and_, found) if found else None, shown is not None, without)


def conditions(settings: MeasureSettings) -> Conditions:
    nodata, values, ignore = settings["nodata"], settings["mask_values"], settings["mask_ignore"]
    rule = MaskRule(
        None if values is None else tuple(values), None if ignore is None else tuple(ignore)
    )
    return Conditions(
        alpha=settings["alpha"],
        nodata=None if nodata is None else Nodata.read(str(nodata)),
        masks=None if settings["masks"] is None else rule,
        exclude_fill=settings["exclude_fill"],
    )


def _in_mode(mask: SampleMask, image: Image.Image, mode: str) -> SampleMask:
    """Return a mask of an image's own bands as one of the channels in another mode.

    Where the mode mixes bands, as gray does colours, a sample is left out if all that it is made of
    are.
    """
    if len(mask.planes) == 1:
        return mask
    own = [name for name in image.getbands() if name not in ("A", "X")]
    wanted = expanded(image).getbands() if mode == NATIVE else Image.getmodebandnames(mode)
    if own != [name for name in wanted if name != "A"]:
        return mask.of_any_sample()
    planes = dict(zip(own, mask.planes, strict=True))
    opaque = Image.new("L", image.size, 255)
    return SampleMask(tuple(planes.get(name, opaque) for name in wanted))
