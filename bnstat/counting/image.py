"""A decoded image to the counts or moments of its samples, in the asked mode.

Pillow's own `histogram` counts 8-bit samples exactly, without a copy. It and `convert` clip deeper
ones, so these are counted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.counting.planes import blocks, counts_of
from bnstat.images.modes import (
    FLOAT,
    GRAY_8,
    GRAY_16,
    NATIVE,
    UnmeasurableError,
    expanded,
    is_gray_16,
)
from bnstat.moments import Ints, Kind, Tally, moments_of_floats

# Rows are taken in strips of about this many samples: numpy's copies then stay small.
_STRIP = 1 << 20


def count_image(tally: Tally, row: int, image: Image.Image, mode: str) -> None:
    """Add a decoded image's samples to the tally, as `mode` has them.

    8-bit images are converted as Pillow does. 16-bit and float gray stay as deep as they are; where
    a mode has more channels, each colour is the gray, and alpha is opaque.

    Raises
    ------
    UnmeasurableError
        If samples are 32-bit integers, which have no known scale, NaN or infinite.
    """
    if is_gray_16(image):
        kind = _kind(mode, "I;16", 65535)
        counts = _counts_16(image)
        tally.add_16_bit(row, kind, np.stack([counts] * _grays(kind) + _opaque(kind, counts)))
    elif image.mode == FLOAT:
        _add_floats(tally, row, image, _kind(mode, FLOAT, 1))
    elif image.mode == "I":
        raise UnmeasurableError("is of mode I: 32-bit integers have no known scale; save as 16-bit")
    else:
        _add_8_bit(tally, row, image, mode)


@lru_cache
def _kind(mode: str, own: str, scale: int) -> Kind:
    if mode == NATIVE:
        mode = own
    gray = mode in (*GRAY_8, *GRAY_16, FLOAT)
    return Kind(mode, ("L",) if gray else Image.getmodebandnames(mode), scale)


def _add_8_bit(tally: Tally, row: int, image: Image.Image, mode: str) -> None:
    if mode == NATIVE:
        image = expanded(image)
        mode = image.mode
    if image.mode == "L" and mode == "RGB":  # counted once for all channels, not converted
        counts = image.histogram()
    else:
        counts = (image if image.mode == mode else image.convert(mode)).histogram()
    tally.add_8_bit(row, _kind(mode, mode, 255), counts)


def _grays(kind: Kind) -> int:
    return len(kind.channels) - ("A" in kind.channels)


def _opaque(kind: Kind, counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the counts of an opaque alpha channel, where there is one."""
    if "A" not in kind.channels:
        return []
    alpha = np.zeros_like(counts)
    alpha[-1] = counts.sum()
    return [alpha]


def _strips(image: Image.Image) -> Iterator[NDArray[Any]]:
    """Yield the samples of an image of one band as arrays of shape (1, rows, width)."""
    width, height = image.size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        yield np.asarray(image.crop((0, top, width, min(height, top + rows))))[np.newaxis]


def _counts_16(image: Image.Image) -> Ints:
    counts = np.zeros(65536, dtype=np.int64)
    for strip in _strips(image):
        counts += counts_of(strip, 65536)[0]
    return counts


def _add_floats(tally: Tally, row: int, image: Image.Image, kind: Kind) -> None:
    n, mean, m2 = moments_of_floats(
        lambda: (block for strip in _strips(image) for block in blocks(strip, np.float64))
    )
    grays, opaque = _grays(kind), len(kind.channels) - _grays(kind)
    means = np.concatenate([np.repeat(mean, grays), np.ones(opaque)])
    m2s = np.concatenate([np.repeat(m2, grays), np.zeros(opaque)])
    tally.add_floats(row, kind, np.repeat(n, len(means)), means, m2s)
