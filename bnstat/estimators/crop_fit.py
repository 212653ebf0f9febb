"""How alike two pictures are, when one may be cut out of the other.

Of the one, the box is fitted that is most like the other, by least squares over its four sides, a
gain and an offset (Lucas and Kanade, "An iterative image registration technique", IJCAI 1981);
then both are correlated. Without the fit, copies that were cropped by 5 % correlate by .52 to .97;
with it by .98 and more, as resized and re-encoded ones do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.floating[Any]]  # (N, side, side)
Floats = NDArray[np.float64]

# A side of the box is within this share of that of the whole.
_CROPPED = 0.08
_START = (0.02, 0.98)
_STEPS, _LONGEST_STEP = 6, 0.03
# Pictures are compared in so many pixels: more would tell apart what resizing has changed.
_SIDE = 16
# A picture with a smaller std is flat; two of these are alike if no pixel differs by more.
_FLAT, _NEAR = 1.0, 2.0
# Copies that are a tenth brighter or darker differ by less in mean, and in std by a smaller factor.
_BRIGHTER, _GAIN = 28.0, 1.35
# Light that falls off to one side, as on any wall or sky, correlates with any other: what is left
# when it is taken away must correlate, too.
_LIGHT = np.linspace(-1, 1, _SIDE)
_LEAST_OF_REST = 0.9
# Pairs that correlate less before the fit are not alike after it.
_HOPELESS = 0.5
_AT_ONCE = 256


def correlations(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Floats:
    """Return the correlation of each two pictures, (N, side, side), whichever is cut out."""
    first, second = one.astype(np.float32), other.astype(np.float32)
    means = [each.mean(axis=(1, 2)) for each in (first, second)]
    stds = np.sort([each.std(axis=(1, 2)) for each in (first, second)], axis=0)
    bright = (np.abs(means[0] - means[1]) <= _BRIGHTER) & (stds[1] <= _GAIN * stds[0])
    comparable = bright & (stds[0] >= _FLAT)
    equal = np.abs(first - second).max(axis=(1, 2), initial=0) <= _NEAR
    found = np.where(comparable, _correlation(_reduced(first), _reduced(second)), 0.0)
    found[equal] = 1.0
    rest = np.flatnonzero(comparable & ~equal & (found >= _HOPELESS))
    for start in range(0, len(rest), _AT_ONCE):
        place = rest[start : start + _AT_ONCE]
        fits = [_fitted(first[place], second[place]), _fitted(second[place], first[place])]
        found[place] = np.maximum(*fits)
    return found


def _fitted(whole: Pictures, part: Pictures) -> Floats:
    """Return the correlation of parts with that box of the whole which is most like them."""
    target = _reduced(part)
    slopes = [np.gradient(whole, axis=axis) * whole.shape[1] for axis in (2, 1)]
    box = np.tile(np.array([*_START, *_START], np.float32), (len(whole), 1))
    far = (np.arange(_SIDE, dtype=np.float32) + 0.5) / _SIDE  # from the first side to the second
    for _ in range(_STEPS):
        now, across, down = (_cut(each, box) for each in (whole, *slopes))
        columns = (across * (1 - far), across * far, down * (1 - far)[:, None], down * far[:, None])
        terms = np.stack([*columns, now, np.ones_like(now)], axis=1).reshape(len(whole), 6, -1)
        normal = terms @ terms.transpose(0, 2, 1) + 1e-3 * np.eye(6, dtype=np.float32)
        weights = np.linalg.solve(normal, terms @ target.reshape(len(whole), -1, 1))[..., 0]
        gain = weights[:, 4:5]
        step = np.divide(weights[:, :4], gain, out=np.zeros_like(box), where=np.abs(gain) > 0.1)
        box = np.clip(
            box + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP),
            np.array([0, 1 - _CROPPED] * 2, np.float32),
            np.array([_CROPPED, 1] * 2, np.float32),
        )
    fitted = _cut(whole, box)
    rest = _correlation(_without_light(fitted), _without_light(target))
    return np.where(rest < _LEAST_OF_REST, 0.0, _correlation(fitted, target))


def _cut(pictures: Pictures, box: Pictures) -> Pictures:
    """Return the mean of the pixels in each cell of a grid over a box of each picture.

    box: its left, right, top and bottom side, as shares of the whole: (N, 4).
    """
    across, down = (_overlaps(box[:, i], box[:, i + 1], pictures.shape[1]) for i in (0, 2))
    cells: Pictures = down @ pictures @ across.transpose(0, 2, 1)
    return cells


def _overlaps(start: Pictures, end: Pictures, side: int) -> Pictures:
    """Return which share of a cell lies in each pixel of a line: (N, cells, side)."""
    ends = (start[:, None] + (end - start)[:, None] * np.linspace(0, 1, _SIDE + 1)) * side
    low, high, pixel = ends[:, :-1, None], ends[:, 1:, None], np.arange(side)
    covered = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
    shares: Pictures = (np.maximum(covered, 0) / (high - low)).astype(np.float32)
    return shares


def _reduced(pictures: Pictures) -> Pictures:
    """Return the means of boxes of pixels: (N, 16, 16)."""
    box = pictures.shape[1] // _SIDE
    means: Pictures = pictures.reshape(-1, _SIDE, box, _SIDE, box).mean(axis=(2, 4))
    return means


def _without_light(pictures: Pictures) -> Pictures:
    """Return pictures less the quadratic surface that is nearest to each."""
    x, y = np.meshgrid(_LIGHT, _LIGHT)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1).reshape(-1, 6)
    basis, _ = np.linalg.qr(terms)
    flat = pictures.reshape(len(pictures), -1)
    rest: Pictures = (flat - (flat @ basis) @ basis.T).reshape(pictures.shape)
    return rest


def _correlation(one: Pictures, other: Pictures) -> Floats:
    centred = [each - each.mean(axis=(1, 2), keepdims=True) for each in (one, other)]
    norms = [np.sqrt(np.square(each).sum(axis=(1, 2))) for each in centred]
    products = (centred[0] * centred[1]).sum(axis=(1, 2))
    values: Floats = products / np.maximum(norms[0] * norms[1], 1e-9)
    return values
