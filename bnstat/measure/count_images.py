"""An image, decoded or drawn by a pipeline, to the counts or moments of its samples.

Pillow's own `histogram` counts 8-bit samples exactly, without a copy. It and `convert` clip deeper
ones, so these are counted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.decode.masks import SampleMask
from bnstat.decode.modes import (
    FLOAT,
    NATIVE,
    UnmeasurableError,
    converted,
    expanded,
    is_gray_16,
    largest_gray,
    max_value_of,
    note,
    opaque_gray,
)
from bnstat.measure.planes import (
    Extremes,
    Mask,
    blocks,
    counts_of,
    excluded_counts,
    kind_of,
    kind_of_array,
    moments_of,
)
from bnstat.moments import Centred, ChunkCounts, Ints, Kind, moments_of_floats
from bnstat.sources.items import as_array

# Rows are taken in strips of about this many samples: numpy's copies then stay small.
_STRIP = 1 << 20
# More are rows, of an array whose channels stand first.
MAX_CHANNELS = 16


def count_image(
    accumulator: ChunkCounts,
    row: int,
    image: Image.Image,
    mode: str,
    mask: SampleMask | None = None,
    without: int | None = None,
) -> None:
    """Add a decoded image's samples as `mode` has them: those of the mask, or all.

    `without` is an 8-bit value whose samples do not count, where `mode` keeps samples as they are.

    8-bit images are converted as Pillow does. 16-bit and float gray stay as deep as they are; where
    a mode has more channels, each colour is the gray, and alpha is opaque. Gray of 9 to 15 bits is
    divided by its largest value, and counts as float samples.

    Raises UnmeasurableError if samples have no known scale (32-bit integers, LAB as it is), are NaN
    or infinite.
    """
    if is_gray_16(image):
        _add_gray_16(accumulator, row, image, mode, mask)
    elif image.mode == FLOAT:
        _add_floats(accumulator, row, image, _kind_in(mode, FLOAT, 1), mask)
    elif image.mode == "I":
        _add_32_bit(accumulator, row, image, _kind_in(mode, "I", 1), mask)
    else:
        _add_8_bit(accumulator, row, image, mode, mask, without)


def _kind_in(mode: str, own: str, scale: int) -> Kind:
    """Return the kind of samples of a mode of their own, in the asked mode."""
    return kind_of(own if mode == NATIVE else mode, scale)


def _add_8_bit(
    accumulator: ChunkCounts,
    row: int,
    image: Image.Image,
    mode: str,
    mask: SampleMask | None,
    without: int | None,
) -> None:
    if mode == NATIVE:
        image = expanded(image)
        mode = image.mode
    if mode == "LAB":
        raise UnmeasurableError("is of mode LAB, whose a and b are signed: no known scale")
    one_for_all = mask is None or len(mask.planes) == 1
    if not (image.mode == "L" and mode == "RGB" and one_for_all):  # else counted once for all
        image = converted(image, mode)
    kind, counts = kind_of(mode, 255), _histogram(image, mask)
    if without is not None:
        counts[without::256] = [0] * (len(counts) // 256)
    selected = mask is not None or without is not None
    accumulator.add_8_bit(row, kind, counts, _rest(image, kind, counts) if selected else None)


def _histogram(image: Image.Image, mask: SampleMask | None) -> list[int]:
    if mask is None:
        return image.histogram()
    if len(mask.planes) == 1:
        return image.histogram(mask.planes[0])
    bands = zip(image.split(), mask.planes, strict=True)
    return [count for band, plane in bands for count in band.histogram(plane)]


def _rest(image: Image.Image, kind: Kind, counts: list[int]) -> list[int]:
    """Return how many samples of each channel are not in the histograms."""
    pixels = image.width * image.height
    rest = [pixels - sum(counts[first : first + 256]) for first in range(0, len(counts), 256)]
    return rest * (len(kind.channels) // len(rest))


def _excluded_counts(mask: SampleMask | None, kind: Kind) -> tuple[int, ...] | None:
    return None if mask is None else mask.excluded_counts(len(kind.channels))


def _grays(kind: Kind) -> int:
    return len(kind.channels) - ("A" in kind.channels)


def _opaque(kind: Kind, counts: NDArray[np.int64], opaque: int) -> list[NDArray[np.int64]]:
    if "A" not in kind.channels:
        return []
    alpha = np.zeros_like(counts)
    alpha[opaque] = counts.sum()
    return [alpha]


def _strips(image: Image.Image) -> Iterator[NDArray[Any]]:
    """Yield the samples of an image of one band as arrays of shape (1, rows, width)."""
    width, height = image.size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        yield np.asarray(image.crop((0, top, width, min(height, top + rows))))[np.newaxis]


def _counts_16(image: Image.Image, mask: SampleMask | None) -> Ints:
    if mask is not None:
        masked: Ints = counts_of(np.asarray(image)[np.newaxis], 65536, mask.array())[0]
        return masked
    counts = np.zeros(65536, dtype=np.int64)
    for strip in _strips(image):
        counts += counts_of(strip, 65536)[0]
    return counts


def _add_gray_16(
    accumulator: ChunkCounts, row: int, image: Image.Image, mode: str, mask: SampleMask | None
) -> None:
    counts, largest = _counts_16(image, mask), largest_gray(image)
    if largest == 65535:
        kind = _kind_in(mode, "I;16", 65535)
        channels = np.stack([counts] * _grays(kind) + _opaque(kind, counts, opaque_gray(image)))
        accumulator.add_16_bit(row, kind, channels, _excluded_counts(mask, kind))
    else:
        moments = scaled_moments(counts, largest)
        _add_gray(accumulator, row, _kind_in(mode, "I;16", 1), mask, moments)


def scaled_moments(counts: Ints, largest: int) -> Centred:
    """Return the moments of values divided by the largest, of one channel; rounded once."""
    occurring = np.flatnonzero(counts)
    if not occurring.size:
        return Centred.empty()
    number = counts[occurring]
    n, total, squares = (int(number @ occurring**power) for power in range(3))
    m2 = (n * squares - total**2) / (n * largest**2)
    ends = occurring[[0, -1]] / largest
    return Centred(*map(np.array, ([n], [total / (n * largest)], [m2], [ends])))


def _add_floats(
    accumulator: ChunkCounts, row: int, image: Image.Image, kind: Kind, mask: SampleMask | None
) -> None:
    _add_gray(accumulator, row, kind, mask, _moments(image, mask))
    ends = Extremes()
    samples = np.asarray(image)
    ends.add(samples if mask is None else samples[mask.array()[0]])
    if ends.outlier is not None:
        note(image, "float-outlier", ends.outlier)


def _add_32_bit(
    accumulator: ChunkCounts, row: int, image: Image.Image, kind: Kind, mask: SampleMask | None
) -> None:
    """Add 32-bit integers divided by what is asked for; without it they have no known scale."""
    most = max_value_of(image)
    if most is None:
        raise UnmeasurableError(
            "is of mode I: 32-bit integers have no known scale; save as 16-bit, or add --max-value"
        )
    samples = np.asarray(image)
    accumulator.check_largest(int((samples if mask is None else samples[mask.array()[0]]).max()))
    _add_gray(accumulator, row, kind, mask, _moments(image, mask).divided(most))


def _add_gray(
    accumulator: ChunkCounts,
    row: int,
    kind: Kind,
    mask: SampleMask | None,
    gray: Centred,
) -> None:
    """Add the moments of float gray: for each color, beside an opaque alpha where there is one."""
    channels = gray.each(len(kind.channels))
    if "A" in kind.channels and gray.n.all():  # the last
        for values, opaque in ((channels.mean, 1), (channels.m2, 0), (channels.ends, 1)):
            values[-1] = opaque
    accumulator.add_floats(row, kind, channels, _excluded_counts(mask, kind))


def _moments(image: Image.Image, mask: SampleMask | None) -> Centred:
    if mask is not None:
        return moments_of(np.asarray(image)[np.newaxis], mask.array())
    return moments_of_floats(
        lambda: (block for strip in _strips(image) for block in blocks(strip, np.float64))
    )


def count_output(accumulator: ChunkCounts, row: int, output: Any, mask: Mask | None = None) -> None:
    """Add one draw: a PIL image; a uint8, uint16 or float tensor (C, H, W) or array (H, W, C).

    `mask` tells which samples count, bool of shape (1 or C, H, W); None is all.

    Raises UnmeasurableError if it is something else. Raises NotFiniteError if a sample is NaN or
    infinite.
    """
    if isinstance(output, Image.Image):
        if 0 in output.size:
            raise UnmeasurableError("became an image with no pixels")
        fit = _for_channels(mask, len(expanded(output).getbands()))
        count_image(
            accumulator, row, output, NATIVE, None if fit is None else SampleMask.of_array(fit)
        )
        return
    planes = planes_of(output)
    mask = _for_channels(mask, len(planes))
    rest = excluded_counts(mask, len(planes))
    if planes.dtype == np.uint8:
        counts = counts_of(planes, 256, mask).ravel().tolist()
        accumulator.add_8_bit(row, kind_of_array(len(planes), 255), counts, rest)
    elif planes.dtype == np.uint16:
        accumulator.add_16_bit(
            row, kind_of_array(len(planes), 65535), counts_of(planes, 65536, mask), rest
        )
    elif np.issubdtype(planes.dtype, np.floating):
        accumulator.add_floats(row, kind_of_array(len(planes), 1), moments_of(planes, mask), rest)
    else:
        raise UnmeasurableError(f"became {planes.dtype} samples, which have no known scale")


def _for_channels(mask: Mask | None, channels: int) -> Mask | None:
    """Return a mask for so many channels: where it has others, whole pixels count or do not."""
    if mask is None or len(mask) in (1, channels):
        return mask
    return np.logical_and.reduce(mask, axis=0, keepdims=True)


def planes_of(output: Any) -> NDArray[Any]:
    """Return the samples of a tensor (C, H, W) or array (H, W, C) in the shape (C, H, W).

    Raises UnmeasurableError if it is something else.
    """
    if isinstance(output, np.ndarray):
        array = np.moveaxis(np.atleast_3d(output), -1, 0) if output.ndim > 1 else output
        order = "(H, W, C)"
    elif hasattr(output, "detach"):
        array, order = as_array(output), "(C, H, W)"
    else:
        raise UnmeasurableError(f"became a {type(output).__name__}, not an image or a tensor")
    if array.ndim != 3 or 0 in array.shape or len(array) > MAX_CHANNELS:
        raise UnmeasurableError(f"became samples of shape {tuple(output.shape)}, not {order}")
    return array
