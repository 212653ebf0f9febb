"""Samples: their kinds, and planes of them (C, H, W) in any order in memory, block by block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.decode.modes import FLOAT, GRAY_8, GRAY_16
from bnstat.moments import Centred, Ints, Kind, moments_of_floats

T = TypeVar("T", bound=np.generic)
Mask: TypeAlias = NDArray[np.bool_]

# Samples of a channel in a block, about. numpy's copies of it stay in the processor's cache, and
# the allocator keeps their memory: of four times as many samples it gives the pages back each time,
# which takes longer than adding them.
_BLOCK = 1 << 14
# Arrays of 1 to 4 channels have the modes of images.
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_MANY = re.compile(r"([0-9]{1,5}) channels")
# Larger ones are of no camera, elevation or temperature.
_HUGE = 1e30


@lru_cache
def kind_of(mode: str, scale: int) -> Kind:
    """Return the kind of samples in a mode, or of an array of so many "channels"."""
    return Kind(mode, _channels(mode), scale)


def kind_of_array(channels: int, scale: int) -> Kind:
    return kind_of(_MODES.get(channels, f"{channels} channels"), scale)


def is_kind(kind: Kind) -> bool:
    """Whether samples can be of a kind, which a file names."""
    try:
        return kind.scale in (255, 65535, 1) and kind == kind_of(kind.mode, kind.scale)
    except (KeyError, TypeError):  # no mode of Pillow's, or no name at all
        return False


def _channels(mode: str) -> tuple[str, ...]:
    if mode in (*GRAY_8, *GRAY_16, FLOAT):
        return ("L",)
    if many := _MANY.fullmatch(mode):
        return tuple(f"C{i}" for i in range(int(many[1])))
    return Image.getmodebandnames(mode)


def blocks(planes: NDArray[Any], dtype: type[T]) -> Iterator[NDArray[T]]:
    """Yield the samples as contiguous arrays of shape (C, samples)."""
    channels, height, width = planes.shape
    rows = max(1, _BLOCK // width)
    for top in range(0, height, rows):
        block = np.array(planes[:, top : top + rows], dtype=dtype, order="C")
        yield block.reshape(channels, -1)


def counts_of(planes: NDArray[Any], values: int, mask: Mask | None = None) -> Ints:
    """Return how often each value below `values` occurs, int64 of shape (C, values)."""
    counts = np.zeros((len(planes), values), dtype=np.int64)
    if mask is not None:
        for channel, chosen in enumerate(selected(planes, mask)):
            counts[channel] = np.bincount(chosen, minlength=values)
        return counts
    if planes.dtype == np.uint8 and values == 256:
        return np.array([_histogram(plane) for plane in planes], dtype=np.int64)
    for block in blocks(planes, np.int64):
        counts += [np.bincount(samples, minlength=values) for samples in block]
    return counts


def _histogram(plane: NDArray[np.uint8]) -> list[int]:
    """Return how often each 8-bit value occurs in a plane (H, W), as Pillow counts it fastest."""
    data = np.ascontiguousarray(plane)
    return Image.frombuffer("L", data.shape[::-1], data, "raw", "L", 0, 1).histogram()


def moments_of(planes: NDArray[Any], mask: Mask | None = None) -> Centred:
    """Return the moments of float samples; 0 where no sample counts."""
    if mask is None:
        return moments_of_floats(lambda: blocks(planes, np.float64))
    channels = [_of_channel(chosen.astype(np.float64)) for chosen in selected(planes, mask)]
    return Centred(*map(np.concatenate, zip(*channels, strict=True)))


def _of_channel(samples: NDArray[np.float64]) -> Centred:
    if not samples.size:
        return Centred.empty()
    return moments_of_floats(lambda: [samples[np.newaxis]])


def selected(planes: NDArray[Any], mask: Mask) -> Iterator[NDArray[Any]]:
    """Yield the samples of each channel that count; a mask of one plane is for all channels."""
    for channel, plane in enumerate(planes):
        yield plane[mask[channel if len(mask) > 1 else 0]]


def excluded_counts(mask: Mask | None, channels: int) -> tuple[int, ...] | None:
    """Return how many samples of each channel do not count; None without a mask."""
    if mask is None:
        return None
    numbers = (~mask).sum(axis=(1, 2)).tolist()
    return tuple(numbers if len(numbers) > 1 else numbers * channels)


@dataclass
class _End:
    """The smallest of values that come in pieces, how often it is there, and the next one above."""

    value: Any = np.inf
    number: int = 0
    next: Any = np.inf

    def add(self, values: NDArray[Any]) -> None:
        lowest = values.min()
        above = np.min(values, where=values > lowest, initial=np.inf)
        number = int((values == lowest).sum())
        if lowest < self.value:
            self.value, self.number, self.next = lowest, number, min(above, self.value)
        elif lowest == self.value:
            self.number, self.next = self.number + number, min(self.next, above)
        else:
            self.next = min(self.next, lowest)

    def is_far(self, other: float) -> bool:
        """Whether it is farther from the next value than that is from the other end."""
        repeated = self.number > 1 and self.next - self.value > other - self.next > 0
        return bool(repeated or abs(self.value) >= _HUGE)


@dataclass
class Extremes:
    """The ends of the float samples of one band."""

    low: _End = field(default_factory=_End)
    high: _End = field(default_factory=_End)  # of the values less than 0

    def add(self, values: NDArray[Any]) -> None:
        if values.size:
            self.low.add(values)
            self.high.add(-values)

    @property
    def outlier(self) -> str | None:
        """The value that is far from all others, as `--nodata` takes it; None if there is none.

        It is an extreme that is there more than once and farther from the next value than the range
        of all others, or one of a size that nothing measured has.
        """
        if not self.low.number:
            return None
        if self.low.is_far(-self.high.value):
            return str(self.low.value)
        return str(-self.high.value) if self.high.is_far(-self.low.value) else None
