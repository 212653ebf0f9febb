"""The figures by which images are compared with the rest, and what an unusual one is called.

Shares and sizes are compared by their ratios, as logarithms to base 2: they are skewed, and a
thumbnail is as far from a photograph as that is from a poster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bnstat.estimators.influence import Array, Images

# (value, the usual value) -> what is unusual, in words.
Words = Callable[[float, float], str]


@dataclass(frozen=True)
class Figure:
    """A figure of each image.

    values: float64 of shape (N,), NaN where unknown; least: a spread that is always usual, so that
    nothing is unusual by less; words: what is said of an unusual value; only_above: whether a small
    value is never unusual.
    """

    values: Array
    least: float
    words: Words
    only_above: bool = False


def figures(images: Images) -> Iterator[Figure]:
    """Yield the figures of images: of their samples, then of their files."""
    exact = not (images.table.scale == 1).any()
    yield from figures_of_moments(list(images.mean.T), _average(images.std), exact=exact)
    yield Figure(np.log2(_average(images.low) + 0.02), 0.5, _lowest, only_above=True)
    yield Figure(np.log2(_average(images.high) + 0.02), 0.5, _highest, only_above=True)
    yield Figure(_evenness(images), 0.2, _values)
    pixels = _of_files(images, "width") * _of_files(images, "height")
    yield size_figure(pixels)
    yield Figure(2 * np.log2(_of_files(images, "width")) - np.log2(pixels), 0.15, _shape)
    yield Figure(np.log2(8 * _of_files(images, "bytes") / pixels + 0.05), 0.3, _bytes)
    yield Figure(np.log2(_of_files(images, "depth")), 0.05, _depth)


def _of_files(images: Images, name: str) -> Array:
    """Return a column of the records, NaN where there is no value."""
    column = getattr(images.table, name)[images.first]
    return np.where(column > 0, column, np.nan)


def figures_of_moments(mean: Sequence[Array], std: Array, *, exact: bool) -> Iterator[Figure]:
    """Yield those of the mean in each channel, and of the std over all; exact: of integers."""
    average = np.mean(mean, axis=0)
    if exact:  # log odds, in which black and white are far away
        yield Figure(np.log2((average + 0.02) / (1.02 - average)), 0.2, _brighter)
    else:
        yield Figure(average, 0.04, _brighter)
    for channel in (0, 2)[: len(mean) - 1]:
        yield Figure(mean[channel] - mean[1], 0.03, _channels)
    yield Figure(np.log2(std + 0.02), 0.2, _contrast)


def size_figure(pixels: Array) -> Figure:
    """Return that of the number of pixels."""
    return Figure(np.log2(pixels), 0.3, _size)


def _average(values: Array) -> Array:
    average: Array = values.mean(axis=1)
    return average


def _evenness(images: Images) -> Array:
    """Return how little the entropy is below that of values that are all equally frequent."""
    most = np.log2(images.table.scale.max(initial=1) + 1.0)
    evenness: Array = -np.log2(np.maximum(most - _average(images.entropy), 0.0) + 0.003)
    return evenness


def _brighter(value: float, usual: float) -> str:
    if abs(value) > 4.3:  # a mean below 0.03 or above 0.97
        return "almost white" if value > 0 else "almost black"
    return "brighter" if value > usual else "darker"


def _channels(value: float, usual: float) -> str:
    return "channels differ"


def _contrast(value: float, usual: float) -> str:
    return "more contrast" if value > usual else "less contrast"


def _lowest(value: float, usual: float) -> str:
    return "clipped shadows"


def _highest(value: float, usual: float) -> str:
    return "clipped highlights"


def _values(value: float, usual: float) -> str:
    return "flat histogram" if value > usual else "few values"


def _size(value: float, usual: float) -> str:
    sides = _times((value - usual) / 2)
    return f"{sides} larger" if value > usual else f"{sides} smaller"


def _shape(value: float, usual: float) -> str:
    return "wider" if value > usual else "taller"


def _bytes(value: float, usual: float) -> str:
    more = "more" if value > usual else "fewer"
    return f"{_times(value - usual)} {more} bytes a pixel"


def _depth(value: float, usual: float) -> str:
    return f"{2**value:.0f} bits, not {2**usual:.0f}"


def _times(doublings: float) -> str:
    factor = 2.0 ** abs(doublings)
    return f"{factor:.0f} times" if factor >= 9.5 else f"{factor:.1f} times"
