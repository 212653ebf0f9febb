"""What a pipeline returns, to the counts or moments of its samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.decode.masks import SampleMask
from bnstat.decode.modes import NATIVE, UnmeasurableError, expanded
from bnstat.measure.counting.image import count_image
from bnstat.measure.counting.kinds import kind_of_array
from bnstat.measure.counting.planes import Mask, counts_of, left_out, moments_of
from bnstat.moments import Accumulator

# More are rows, of an array whose channels stand first.
_MOST_CHANNELS = 16


def count_output(accumulator: Accumulator, row: int, output: Any, mask: Mask | None = None) -> None:
    """Add one draw: a PIL image; a uint8, uint16 or float tensor (C, H, W) or array (H, W, C).

    `mask` tells which samples count, bool of shape (1 or C, H, W); None is all.

    Raises
    ------
    UnmeasurableError
        If it is something else.
    NotFiniteError
        If a sample is NaN or infinite.
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
    rest = left_out(mask, len(planes))
    if planes.dtype == np.uint8:
        counts = counts_of(planes, 256, mask).ravel().tolist()
        accumulator.add_8_bit(row, kind_of_array(len(planes), 255), counts, rest)
    elif planes.dtype == np.uint16:
        accumulator.add_16_bit(
            row, kind_of_array(len(planes), 65535), counts_of(planes, 65536, mask), rest
        )
    elif np.issubdtype(planes.dtype, np.floating):
        accumulator.add_floats(row, kind_of_array(len(planes), 1), *moments_of(planes, mask), rest)
    else:
        raise UnmeasurableError(f"became {planes.dtype} samples, which have no known scale")


def _for_channels(mask: Mask | None, channels: int) -> Mask | None:
    """Return a mask for so many channels: where it has others, whole pixels count or do not."""
    if mask is None or len(mask) in (1, channels):
        return mask
    return np.logical_and.reduce(mask, axis=0, keepdims=True)


def planes_of(output: Any) -> NDArray[Any]:
    """Return the samples of a tensor (C, H, W) or array (H, W, C) in the shape (C, H, W).

    Raises
    ------
    UnmeasurableError
        If it is something else.
    """
    if isinstance(output, np.ndarray):
        array = np.moveaxis(np.atleast_3d(output), -1, 0) if output.ndim > 1 else output
        order = "(H, W, C)"
    elif hasattr(output, "detach"):
        array, order = _array(output), "(C, H, W)"
    else:
        raise UnmeasurableError(f"became a {type(output).__name__}, not an image or a tensor")
    if array.ndim != 3 or 0 in array.shape or len(array) > _MOST_CHANNELS:
        raise UnmeasurableError(f"became samples of shape {tuple(output.shape)}, not {order}")
    return array


def _array(tensor: Any) -> NDArray[Any]:
    """Return a tensor as an array; numpy has no bfloat16."""
    import torch

    tensor = tensor.detach().cpu()
    return np.asarray(tensor.float() if tensor.dtype == torch.bfloat16 else tensor)
