"""Arrays of many images of one shape: the moments of each image, all at once.

Image by image, small ones would take longer to count than to read. Batches on a GPU are summed
where they are, without a copy of the pixels: integers as integers, floats in float64, centred
within each image. A device that has no float64 (Apple's) hands its floats to the CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bnstat.decode.modes import UnmeasurableError
from bnstat.measure.count_images import MAX_CHANNELS, count_output
from bnstat.measure.planes import counts_of, kind_of_array
from bnstat.moments import ChunkCounts, ChunkMoments, Floats, Ints, MomentsTable, NotFiniteError
from bnstat.sources.items import as_array

if TYPE_CHECKING:
    from torch import Tensor


Failures = list[tuple[int, str]]

# Samples in a block, of integers and of floats: what numpy makes of it stays in the processor's
# cache.
_BLOCK = 1 << 20
_FLOAT_BLOCK = 1 << 17
# Pixels from which on the histogram of each 8-bit image alone is faster.
_LARGE = 1 << 14
_LARGEST = 1 << 22  # samples of an image of which float64 copies are made
# The sum of so many squares of 8-bit samples is exact in float32: 256 · 255² < 2²⁴.
_RUN = 256
NOT_FINITE = "has NaN or infinite samples"
# Samples of which wider copies are made at once.
_DEVICE_BLOCK = 1 << 24


def count_stack(
    images: NDArray[Any], max_channels: int = MAX_CHANNELS
) -> tuple[list[ChunkMoments], Failures]:
    """Return the moments of images, of shape (N, C, H, W), and (row, reason) of failures.

    More channels than `max_channels` are taken for another axis.
    """
    channels, pixels = images.shape[1], images.shape[2] * images.shape[3]
    whole = channels <= max_channels and channels * pixels <= _LARGEST
    if whole and images.dtype == np.uint8 and pixels < _LARGE:
        return [_of_integers(images, 255)], []
    if whole and images.dtype == np.uint16:
        return [_of_integers(images, 65535)], []
    if whole and np.issubdtype(images.dtype, np.floating):
        return _of_floats(images)
    return _one_by_one(images)


def _one_by_one(images: NDArray[Any]) -> tuple[list[ChunkMoments], Failures]:
    counts, failures = ChunkCounts(), []
    for row, image in enumerate(images):
        try:
            count_output(counts, row, np.moveaxis(image, 0, -1))
        except (UnmeasurableError, NotFiniteError) as error:
            failures.append((row, str(error)))
    return list(counts.moments()), failures


def _blocks(images: NDArray[Any], samples: int = _BLOCK) -> Iterator[NDArray[Any]]:
    """Yield some images at a time, contiguous, of shape (C, images, pixels)."""
    number = max(1, samples // images[0].size)
    for start in range(0, len(images), number):
        block = images[start : start + number]
        planes = np.ascontiguousarray(np.moveaxis(block, 1, 0))
        yield planes.reshape(len(planes), len(block), -1)


def _of_integers(images: NDArray[Any], scale: int) -> ChunkMoments:
    count, channels, height, width = images.shape
    sums, histogram = [], np.zeros((channels, scale + 1), np.int64)
    for planes in _blocks(images):
        sums.append(_sums(planes, _run(height * width) if scale == 255 else 1))
        histogram += counts_of(planes, scale + 1)
    first, second = (np.concatenate(column) for column in zip(*sums, strict=True))
    table = MomentsTable(scale, np.full(first.shape, height * width), first, second)
    kind = kind_of_array(channels, scale)
    return ChunkMoments(kind, list(range(count)), table, histogram)


def _run(pixels: int) -> int:
    return max(divisor for divisor in range(1, _RUN + 1) if pixels % divisor == 0)


def _sums(planes: NDArray[Any], run: int) -> tuple[Ints, Ints]:
    """Return Σx and Σx² of each image, int64 of shape (images, C), exactly.

    They are added up in float32 within runs of so many samples; in float64 if runs are short: no
    sum passes 2⁵³.
    """
    kind: Any = np.float32 if run >= 16 else np.float64
    values = planes.astype(kind).reshape(
        *planes.shape[:2], -1, run if run >= 16 else planes.shape[2]
    )
    first = np.einsum("cnrk->cnr", values).sum(axis=2, dtype=np.float64)
    second = np.einsum("cnrk,cnrk->cnr", values, values).sum(axis=2, dtype=np.float64)
    return first.T.astype(np.int64), second.T.astype(np.int64)


def _of_floats(images: NDArray[Any]) -> tuple[list[ChunkMoments], Failures]:
    """Return the moments of floats, centred within each image (Chan, Golub and LeVeque, 1983)."""
    pieces = [_centred(planes) for planes in _blocks(images, _FLOAT_BLOCK)]
    mean, m2, ends = (np.concatenate(column) for column in zip(*pieces, strict=True))
    finite = np.isfinite(mean).all(axis=1)
    rows = np.flatnonzero(finite).tolist()
    failures = [(int(row), NOT_FINITE) for row in np.flatnonzero(~finite)]
    if not rows:
        return [], failures
    n = np.full((len(rows), images.shape[1]), images.shape[2] * images.shape[3])
    table = MomentsTable(1, n, mean[rows], m2[rows], ends[rows])
    return [ChunkMoments(kind_of_array(images.shape[1], 1), rows, table, None)], failures


def _centred(planes: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """Return mean, M2 and ends of each image, float64 of shape (images, C) and (images, C, 2)."""
    ends = np.stack([planes.min(axis=2).T, planes.max(axis=2).T], axis=2).astype(np.float64)
    values = planes.astype(np.float64)
    with np.errstate(invalid="ignore"):  # such images are failures
        mean = values.sum(axis=2) / planes.shape[2]
        values -= mean[:, :, np.newaxis]
        rest = values.sum(axis=2)
        squares = np.einsum("cns,cns->nc", values, values)
        m2 = np.maximum(squares - (rest**2).T / planes.shape[2], 0.0)
    return mean.T, m2, ends


def count_batch(batch: Tensor) -> tuple[list[ChunkMoments], Failures]:
    """Return the moments of images, of shape (N, C, H, W), and (row, reason) of failures."""
    import torch

    batch = batch.detach()
    floats = batch.is_floating_point()
    here = batch.device.type == "cpu" or (floats and batch.device.type == "mps")
    if here or not (floats or batch.dtype == torch.uint8):
        return count_stack(as_array(batch), max_channels=batch.shape[1])
    pieces = torch.split(batch, max(1, _DEVICE_BLOCK // batch[0].numel()))
    if floats:
        return _floats_on_device(pieces)
    return [_8_bits_on_device(pieces)], []


def _8_bits_on_device(pieces: tuple[Tensor, ...]) -> ChunkMoments:
    import torch

    sums, histogram = [], np.zeros((pieces[0].shape[1], 256), np.int64)
    for piece in pieces:
        values = piece.flatten(2).to(torch.int32)
        first = values.sum(dim=2, dtype=torch.int64)
        second = values.square().sum(dim=2, dtype=torch.int64)
        sums.append(torch.stack([first, second]).cpu().numpy())
        for channel in range(values.shape[1]):
            counts = torch.bincount(values[:, channel].reshape(-1), minlength=256)
            histogram[channel] += counts.cpu().numpy()
    first, second = np.concatenate(sums, axis=1)
    n = np.full(first.shape, pieces[0][0, 0].numel())
    kind = kind_of_array(pieces[0].shape[1], 255)
    return ChunkMoments(kind, list(range(len(n))), MomentsTable(255, n, first, second), histogram)


def _floats_on_device(pieces: tuple[Tensor, ...]) -> tuple[list[ChunkMoments], Failures]:
    import torch

    moments = []
    for piece in pieces:
        values = piece.flatten(2).to(torch.float64)
        low, high = values.aminmax(dim=2)
        mean = values.mean(dim=2)
        values = values.sub_(mean[:, :, None])
        rest = values.sum(dim=2)
        m2 = values.square_().sum(dim=2) - rest.square() / values.shape[2]
        moments.append(torch.stack([mean, m2.clamp_(min=0), low, high]).cpu().numpy())
    mean, m2, *ends = np.concatenate(moments, axis=1)
    finite = np.isfinite(mean).all(axis=1)
    failures = [(int(row), NOT_FINITE) for row in np.flatnonzero(~finite)]
    rows = np.flatnonzero(finite).tolist()
    if not rows:
        return [], failures
    n = np.full((len(rows), mean.shape[1]), pieces[0][0, 0].numel())
    kind = kind_of_array(mean.shape[1], 1)
    table = MomentsTable(1, n, mean[rows], m2[rows], np.stack(ends, axis=2)[rows])
    return [ChunkMoments(kind, rows, table, None)], failures
