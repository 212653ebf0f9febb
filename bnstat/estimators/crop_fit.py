"""How alike two pictures are, when one may be cut out of the other.

Of the one, the box is looked for that is most like the other: first the best of a coarse grid, then
by least squares over its four sides, a gain and an offset (Lucas and Kanade, "An iterative image
registration technique", IJCAI 1981); then both are correlated. Without the fit, copies that were
cropped by 5 % correlate by .52 to .97; with it by .98 and more, as resized and re-encoded ones do.
The coarse grid alone tells nine in ten pairs of other pictures with near hashes to be unlike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bnstat.estimators.near_hashes import Places
from bnstat.moments import Floats

Pictures = NDArray[np.floating[Any]]  # (N, side, side)

# Pictures are compared in so many pixels: more would tell apart what resizing has changed.
_SIDE = 16
# A side of the box is within this share of that of the whole.
_CROPPED = 0.08
# Both ends of the grid's boxes, across and down: the whole, and 5 % less at either end or at both.
_ENDS = np.array([(0, 1), (0, 0.95), (0.025, 0.975), (0.05, 1)], np.float32)
_COARSE_SIDE = 8
# Pairs of which no box of the grid correlates so are not alike in any box.
_HOPELESS = 0.92
_STEPS, _LONGEST_STEP = 3, 0.03
# A picture with a smaller std is flat; two of these are alike if no pixel differs by more.
_FLAT, _NEAR = 1.0, 2.0
# Copies that are a tenth brighter or darker differ by less in mean, and in std by a smaller factor.
_BRIGHTER, _GAIN = 28.0, 1.35
# Light that falls off to one side, as on any wall or sky, correlates with any other: what is left
# when it is taken away must correlate, too.
_LIGHT = np.linspace(-1, 1, _SIDE)
_MIN_OF_REST = 0.9
# So do two edges at one place: each cell less the mean of the cells around it, in their stds and
# noise of some levels, must correlate, too.
_AROUND, _NOISE = 2, 5.0
_MIN_IN_DETAIL = 0.92
_AT_ONCE = 256


class Grays(NamedTuple):
    """Gray pictures, (N, side, side), and what a coarse grid shows of each, (N, boxes, cells).

    The cells of a box are less their mean and of norm 1, those of a flat picture 0.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float16]

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Grays:
        """Return pictures with what the grid shows: of each the whole first."""
        boxes = np.zeros((len(pixels), len(_ENDS) ** 2, _COARSE_SIDE**2), np.float16)
        for block in _blocks(len(pixels)):
            boxes[block] = _boxes(pixels[block].astype(np.float32))
        return cls(pixels, boxes)

    def correlations(self, one: Places, other: Places) -> Floats:
        """Return the correlation of each two, whichever is cut out of the other; 0 if unlike."""
        found = np.zeros(len(one))
        best, box = self._best_boxes(one, other)
        likely = np.flatnonzero(best >= _HOPELESS)
        for block in _blocks(len(likely)):
            pair = likely[block]
            pixels = [self.pixels[each[pair]].astype(np.float32) for each in (one, other)]
            equal = np.abs(pixels[0] - pixels[1]).max(axis=(1, 2)) <= _NEAR
            found[pair[equal]] = 1.0
            fits = ~equal & np.isfinite(best[pair])
            pair, (first, second) = pair[fits], (each[fits] for each in pixels)
            second_is_whole, place = np.divmod(box[pair], len(_ENDS) ** 2)
            swap = (second_is_whole == 1)[:, None, None]
            whole, part = np.where(swap, second, first), np.where(swap, first, second)
            found[pair] = _fitted(whole, part, _sides(place)) if len(pair) else 0.0
        return found

    def _best_boxes(self, one: Places, other: Places) -> tuple[Floats, Places]:
        """Return the best score of each pair, and which box has it: the other's after the one's.

        Two flat pictures have an infinite score, as only pixels tell whether they are equal.
        """
        best, box = np.zeros(len(one)), np.zeros(len(one), np.int64)
        for block in _blocks(len(one)):
            boxes = [self.boxes[each[block]].astype(np.float32) for each in (one, other)]
            scores = np.concatenate([_scores(*boxes), _scores(*reversed(boxes))], axis=1)
            flat = ~(boxes[0].any(axis=(1, 2)) | boxes[1].any(axis=(1, 2)))
            best[block] = np.where(flat, np.inf, scores.max(axis=1))
            box[block] = scores.argmax(axis=1)
        return best, box


def _blocks(number: int) -> Iterator[slice]:
    return (slice(start, start + _AT_ONCE) for start in range(0, number, _AT_ONCE))


def _sides(box: Places) -> Pictures:
    """Return the left, right, top and bottom side of boxes of the grid: (N, 4)."""
    across, down = _ENDS[box % len(_ENDS)], _ENDS[box // len(_ENDS)]
    return np.concatenate([across, down], axis=1)


def _boxes(pictures: Pictures) -> Pictures:
    """Return the cells of the grid's boxes: (N, boxes, cells)."""
    side, number = pictures.shape[1], len(_ENDS)
    lines = _overlaps(_ENDS[:, 0], _ENDS[:, 1], side, _COARSE_SIDE).reshape(-1, side)
    cells = (lines @ pictures @ lines.T).reshape(-1, number, _COARSE_SIDE, number, _COARSE_SIDE)
    flat = cells.transpose(0, 1, 3, 2, 4).reshape(-1, number**2, _COARSE_SIDE**2)
    centred = flat - flat.mean(axis=2, keepdims=True)
    normed: Pictures = centred / np.sqrt(np.square(centred).sum(axis=2, keepdims=True) + 1e-9)
    normed[pictures.std(axis=(1, 2)) < _FLAT] = 0.0
    return normed


def _scores(boxes: Pictures, others: Pictures) -> Pictures:
    """Return the correlation of each box of pictures with another whole: (N, boxes)."""
    scores: Pictures = (boxes @ others[:, 0, :, None])[..., 0]
    return scores


def _fitted(whole: Pictures, part: Pictures, start: Pictures) -> Floats:
    """Return the correlation of parts with that box of the whole which is most like them.

    start: the left, right, top and bottom side of the box, as shares of the whole: (N, 4).
    """
    box = part.shape[1] // _SIDE
    target = part.reshape(-1, _SIDE, box, _SIDE, box).mean(axis=(2, 4))
    slopes = [np.gradient(whole, axis=axis) * whole.shape[1] for axis in (2, 1)]
    far = (np.arange(_SIDE, dtype=np.float32) + 0.5) / _SIDE  # from the first side to the second
    sides = start
    for _ in range(_STEPS):
        now, across, down = (_cut(each, sides) for each in (whole, *slopes))
        columns = (across * (1 - far), across * far, down * (1 - far)[:, None], down * far[:, None])
        terms = np.stack([*columns, now, np.ones_like(now)], axis=1).reshape(len(whole), 6, -1)
        normal = terms @ terms.transpose(0, 2, 1) + 1e-3 * np.eye(6, dtype=np.float32)
        weights = np.linalg.solve(normal, terms @ target.reshape(len(whole), -1, 1))[..., 0]
        gain = weights[:, 4:5]
        step = np.divide(weights[:, :4], gain, out=np.zeros_like(sides), where=np.abs(gain) > 0.1)
        sides = np.clip(
            sides + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP),
            np.array([0, 1 - _CROPPED] * 2, np.float32),
            np.array([_CROPPED, 1] * 2, np.float32),
        )
    return np.maximum(_alike(_cut(whole, start), target), _alike(_cut(whole, sides), target))


def _alike(one: Pictures, other: Pictures) -> Floats:
    """Return the correlation of pictures, 0 where they differ in brightness, contrast or detail."""
    means = [each.mean(axis=(1, 2)) for each in (one, other)]
    stds = np.sort([each.std(axis=(1, 2)) for each in (one, other)], axis=0)
    comparable = (
        (np.abs(means[0] - means[1]) <= _BRIGHTER)
        & (stds[0] >= _FLAT)
        & (stds[1] <= _GAIN * stds[0])
        & (_correlation(_without_light(one), _without_light(other)) >= _MIN_OF_REST)
        & (_correlation(_detail(one), _detail(other)) >= _MIN_IN_DETAIL)
    )
    return np.where(comparable, _correlation(one, other), 0.0)


def _cut(pictures: Pictures, box: Pictures) -> Pictures:
    """Return the mean of the pixels in each cell of a grid over a box of each picture."""
    across, down = (_overlaps(box[:, i], box[:, i + 1], pictures.shape[1], _SIDE) for i in (0, 2))
    cells: Pictures = down @ pictures @ across.transpose(0, 2, 1)
    return cells


def _overlaps(start: Pictures, end: Pictures, side: int, number: int) -> Pictures:
    """Return which share of a cell lies in each pixel of a line: (N, cells, side)."""
    ends = (start[:, None] + (end - start)[:, None] * np.linspace(0, 1, number + 1)) * side
    low, high, pixel = ends[:, :-1, None], ends[:, 1:, None], np.arange(side)
    covered = np.minimum(high, pixel + 1) - np.maximum(low, pixel)
    shares: Pictures = (np.maximum(covered, 0) / (high - low)).astype(np.float32)
    return shares


def _detail(pictures: Pictures) -> Pictures:
    """Return pictures with local contrast normalized.

    As in K. Jarrett et al., "What is the best multi-stage architecture for object recognition?",
    ICCV 2009, with a mean of 5 by 5 cells, fewer at borders.
    """
    place = np.arange(_SIDE)
    near = (np.abs(place - place[:, None]) <= _AROUND).astype(np.float32)
    around = near / near.sum(axis=1, keepdims=True)
    mean, square = (around @ each @ around.T for each in (pictures, np.square(pictures)))
    std = np.sqrt(np.maximum(square - np.square(mean), 0.0))
    detail: Pictures = (pictures - mean) / (std + _NOISE)
    return detail


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
