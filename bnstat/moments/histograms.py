"""Histograms of single images: packed, and what is told of them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bnstat.moments.table import Floats, Ints, MomentsTable

# More would take longer than counting small images does.
_LEVEL = 1
# Draws of an image whose occurrences stand one after another; more are not believed.
MAX_DRAWS = 10_000
_WIDTHS = (1, 2, 4, 8)
# Label images have no more values; some drawings and digits have as few.
FEW = 32


class Occurrences(NamedTuple):
    """How often values of a 16-bit image occur: where in (C, 65536), flat, and how often there."""

    where: Ints
    number: Ints

    @classmethod
    def of(cls, counts: Ints) -> Occurrences:
        flat = counts.ravel()
        where = np.flatnonzero(flat)
        return cls(where, flat[where])

    @classmethod
    def joined(cls, several: Sequence[Occurrences]) -> Occurrences:
        where, number = zip(*several, strict=True)
        return cls(np.concatenate(where), np.concatenate(number))

    def table(self, channels: int, lowest: int = 0) -> MomentsTable:
        """Return their moments; `lowest` is the first value, below 0 of signed samples.

        It looks at the values that occur alone, which of most images are few of the 65,536.
        """
        bounds = np.searchsorted(self.where, np.arange(channels + 1) * 65536)
        sums = np.zeros((3, 1, channels), dtype=np.int64)
        ends = np.full((1, channels, 2), np.nan)
        for channel, (start, end) in enumerate(pairwise(bounds)):
            number = self.number[start:end]
            values = self.where[start:end] - (channel * 65536 - lowest)
            sums[:, 0, channel] = number.sum(), number @ values, number @ (values * values)
            if lowest and values.size:
                ends[0, channel] = values[[0, -1]]
        n, first, second = sums
        return MomentsTable(1 if lowest else 65535, n, first, second, ends if lowest else None)

    def counts(self, channels: int) -> Ints:
        """Return how often each value occurs: int64 of shape (C, 65536)."""
        counts = np.zeros((channels, 65536), dtype=np.int64)
        np.add.at(counts.ravel(), self.where, self.number)
        return counts


def pack_16_bit(images: Sequence[Occurrences]) -> bytes:
    """Return 16-bit histograms of images, of which few values occur.

    >>> import numpy as np
    >>> image = Occurrences(np.array([7, 65536]), np.array([3, 1]))
    >>> unpack_16_bit(pack_16_bit([image, image]), 2, 2)[1].counts(2)[:, [0, 7]].tolist()
    [[0, 3], [1, 0]]
    """
    lengths = np.array([len(image.where) for image in images], dtype="<i8")
    joined = Occurrences.joined(images)
    columns = (lengths, joined.where.astype("<u4"), joined.number.astype("<i8"))
    data = b"".join(column.tobytes() for column in columns)
    return len(data).to_bytes(8, "little") + zlib.compress(data, _LEVEL)


def unpack_16_bit(data: bytes, images: int, channels: int) -> list[Occurrences]:
    """Return the histograms of so many images; ValueError if these are not theirs."""
    size, wrong = int.from_bytes(data[:8], "little"), f"not the histograms of {images} images"
    if not 8 * images <= size <= images * (8 + MAX_DRAWS * 12 * channels * 65536):
        raise ValueError(wrong)
    try:
        raw = zlib.decompressobj().decompress(data[8:], size + 1)  # and no more of it
    except zlib.error as error:
        raise ValueError(str(error)) from error
    lengths = np.frombuffer(raw[: 8 * images], dtype="<i8") if len(raw) == size else None
    if lengths is None or (lengths < 0).any() or size != 8 * images + 12 * int(lengths.sum()):
        raise ValueError(wrong)
    total = int(lengths.sum())
    end = 8 * images + 4 * total
    where = np.frombuffer(raw[8 * images : end], dtype="<u4").astype(np.int64)
    number = np.frombuffer(raw[end:], dtype="<i8").astype(np.int64)
    if (where >= channels * 65536).any() or (number <= 0).any():
        raise ValueError(wrong)
    ends = np.cumsum(lengths)[:-1]
    return [
        Occurrences(*p) for p in zip(np.split(where, ends), np.split(number, ends), strict=True)
    ]


def pack(counts: Ints) -> bytes:
    """Return 8-bit histograms, int64 of shape (images, C, 256), in about a tenth of the bytes.

    >>> import numpy as np
    >>> counts = np.full((2, 3, 256), 700)
    >>> bool((unpack(pack(counts), 2, 3) == counts).all())
    True
    """
    largest = int(counts.max(initial=0))
    width = next(width for width in _WIDTHS if largest < 1 << (8 * width))
    return zlib.compress(counts.astype(f"<u{width}").tobytes(), _LEVEL)


def unpack(data: bytes, images: int, channels: int) -> Ints:
    """Return the histograms of so many images; ValueError if these are not theirs."""
    size = images * channels * 256
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(data, _WIDTHS[-1] * size + 1)  # and no more of it
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not stream.eof or len(raw) not in [width * size for width in _WIDTHS]:
        raise ValueError(f"not the histograms of {images} images")
    counts = np.frombuffer(raw, dtype=f"<u{len(raw) // size}")
    return counts.reshape(images, channels, 256).astype(np.int64)


@dataclass(frozen=True)
class HistogramFigures:
    """What is told of the histogram of each draw, besides its moments.

    low, high: samples of the smallest and of the largest value, int64 of shape (N, C), 0 for
    floats; entropy: of the values, in bits, float64 of shape (N, C), NaN for floats; hashes: of the
    histograms of 8-bit draws, uint64 of shape (N,), 0 for others.
    """

    low: Ints
    high: Ints
    entropy: Floats
    hashes: NDArray[np.uint64]

    @classmethod
    def of_8_bit(cls, counts: Ints) -> HistogramFigures:
        """Return those of draws whose counts have the shape (N, C, 256)."""
        narrow = counts.astype(np.uint32, order="C")  # tells as much of them, in half the bytes
        digests = [blake2b(each, digest_size=8).digest() for each in narrow]
        hashes = np.frombuffer(b"".join(digests), dtype=np.uint64)
        return cls(counts[:, :, 0].copy(), counts[:, :, 255].copy(), entropy(counts), hashes)


def entropy(counts: Ints) -> Floats:
    """Return the entropy of histograms along the last axis in bits; NaN where nothing was counted.

    >>> entropy(np.array([[1, 1, 1, 1], [0, 8, 0, 0]])).tolist()
    [2.0, 0.0]
    """
    n = counts.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        bits: Floats = np.log2(n) - (counts * np.log2(np.maximum(counts, 1))).sum(axis=-1) / n
    return np.maximum(bits, 0.0)


def few_valued_rows(rows: Sequence[int], counts: Ints) -> tuple[int, ...]:
    """Return the rows of 8-bit images with at most FEW values in each channel.

    counts: how often each value occurs, int64 of shape (N, C, 256).
    """
    few = ((counts > 0).sum(axis=2) <= FEW).all(axis=1)
    return tuple(rows[place] for place in np.flatnonzero(few).tolist())
