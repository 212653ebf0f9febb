"""Batches on a GPU: their sums are made where they are, without a copy of the pixels.

Integers are added as integers; floats in float64, centred within each image. A device that has no
float64 (Apple's) hands its floats to the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bnstat.measure.counting.planes import kind_of_array
from bnstat.measure.counting.stack import NOT_FINITE, Failures, count_stack
from bnstat.moments import ChunkMoments, Table
from bnstat.sources.items import as_array

if TYPE_CHECKING:
    from torch import Tensor

# Samples of which wider copies are made at once.
_BLOCK = 1 << 24


def count_batch(batch: Tensor) -> tuple[list[ChunkMoments], Failures]:
    """Return the moments of images, of shape (N, C, H, W), and (row, reason) of failures."""
    import torch

    batch = batch.detach()
    floats = batch.is_floating_point()
    here = batch.device.type == "cpu" or (floats and batch.device.type == "mps")
    if here or not (floats or batch.dtype == torch.uint8):
        return count_stack(as_array(batch), max_channels=batch.shape[1])
    pieces = torch.split(batch, max(1, _BLOCK // batch[0].numel()))
    if floats:
        return _of_floats(pieces)
    return [_of_8_bits(pieces)], []


def _of_8_bits(pieces: tuple[Tensor, ...]) -> ChunkMoments:
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
    return ChunkMoments(kind, list(range(len(n))), Table(255, n, first, second), histogram)


def _of_floats(pieces: tuple[Tensor, ...]) -> tuple[list[ChunkMoments], Failures]:
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
    table = Table(1, n, mean[rows], m2[rows], np.stack(ends, axis=2)[rows])
    return [ChunkMoments(kind, rows, table, None)], failures
