"""Float samples in any layout in memory: variances are right to 13 digits, against fractions."""

from fractions import Fraction

import numpy as np
import pytest
import torch


def exact(values):
    """Return mean and M2 of bytes that were scaled, in exact arithmetic."""
    counts = np.bincount(np.rint(values * 255).astype(np.uint8).ravel(), minlength=256)
    distinct = np.arange(256).astype(values.dtype) / values.dtype.type(255)
    pairs = [(Fraction(float(v)), int(c)) for v, c in zip(distinct, counts, strict=True)]
    mean = sum(v * c for v, c in pairs) / values.size
    return mean, sum((v - mean) ** 2 * c for v, c in pairs)


def check(part, planes):
    """Hold moments against the fractions of (C, H, W) samples."""
    for channel, plane in enumerate(planes):
        mean, m2 = exact(plane)
        assert abs(Fraction(part.table.sum_or_mean[0, channel]) - mean) <= abs(mean) / 10**15
        assert abs(Fraction(part.table.sumsq_or_m2[0, channel]) - m2) <= m2 / 10**13


def scaled(height, width, dtype=np.float32):
    """Return what `ToDtype(float32, scale=True)` makes of random bytes, (H, W, C)."""
    pixels = np.random.default_rng(8).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return pixels.astype(dtype) / dtype(255)


LAYOUTS = {
    "channels first": lambda a: torch.from_numpy(np.moveaxis(a, -1, 0).copy()),
    "channels last": lambda a: torch.from_numpy(a).permute(2, 0, 1),
    "columns first": lambda a: torch.from_numpy(a.transpose(2, 1, 0).copy()).transpose(1, 2),
    "every second pixel": lambda a: torch.from_numpy(a).permute(2, 0, 1)[:, ::2, 1::2],
    "one row again and again": lambda a: (
        torch.from_numpy(a[:1]).permute(2, 0, 1).expand(3, 900, -1)
    ),
    "array": lambda a: a,
    "array upside down": lambda a: a[::-1, ::-1],
    "array of planes": lambda a: np.moveaxis(np.moveaxis(a, -1, 0).copy(), 0, -1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_variance_in_any_layout(kept, layout, dtype):
    """However samples lie in memory, they are summed without losing digits."""
    output = LAYOUTS[layout](scaled(1100, 1300, dtype))
    planes = np.moveaxis(output, -1, 0) if isinstance(output, np.ndarray) else output.numpy()
    check(kept(output), planes)


@pytest.mark.long
def test_variance_of_48_megapixels(kept):
    """The largest image of a camera, as torchvision makes a float tensor of it."""
    output = LAYOUTS["channels last"](scaled(6000, 8000))
    check(kept(output), output.numpy())


def test_one_value_has_no_variance(kept):
    """Equal samples have M2 0, whatever their sum is rounded to."""
    part = kept(torch.full((3, 100, 101), 0.1))
    assert part.table.sum_or_mean[0].tolist() == [float(np.float32(0.1))] * 3
    assert part.table.sumsq_or_m2[0].tolist() == [0.0] * 3
