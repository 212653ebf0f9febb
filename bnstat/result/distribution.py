"""What a histogram knows besides mean and variance: percentiles, smallest and largest value.

A result may have a thousand groups, whose histograms as numbers in JSON would be ten times as long
as they are packed. Channel by channel: n, n values of 2 bytes each, ascending, and n counts of 8,
little-endian; all of it deflated (zlib, RFC 1950), in base64 (RFC 4648).
"""

from __future__ import annotations

import base64
import struct
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

from bnstat.result.estimates import Floats, OrderStatistics

_LONGEST = 4 + 65536 * (2 + 8)  # bytes of a channel


@dataclass(frozen=True)
class Occurring:
    """The values that occur in a channel, ascending, and how often each does."""

    values: tuple[int, ...]
    counts: tuple[int, ...]

    def percentile(self, q: float) -> int:
        """Return the smallest value that q percent of the samples do not exceed.

        It is the inverse of the empirical distribution function (Hyndman and Fan, "Sample quantiles
        in statistical packages", The American Statistician 50(4), 1996, definition 1), which is
        numpy's method "inverted_cdf".

        >>> Occurring((0, 7, 9), (5, 4, 1)).percentile(50), Occurring((0, 7), (1, 1)).percentile(51)
        (0, 7)
        """
        return self.percentiles([q])[0]

    def percentiles(self, several: Sequence[float]) -> list[int]:
        """Return several percentiles; samples are added up once for all of them."""
        upto = list(accumulate(self.counts))
        ranks = (Fraction(str(q)) * upto[-1] / 100 for q in several)
        return [self.values[bisect_left(upto, rank)] for rank in ranks]

    def binned(self, bins: int, scale: int) -> list[int]:
        """Return counts in so many bins of equal width over 0 to `scale`.

        >>> Occurring((0, 128, 65535), (5, 4, 1)).binned(256, 65535)[:2]
        [9, 0]
        """
        counts = [0] * bins
        for value, count in zip(self.values, self.counts, strict=True):
            counts[value * bins // (scale + 1)] += count
        return counts


# Of each channel.
Distribution: TypeAlias = tuple[Occurring, ...]


def occurring(histogram: Sequence[Sequence[int]]) -> Distribution:
    """Return the values that occur, of counts of each value in each channel."""
    return tuple(
        Occurring(tuple(v for v, n in enumerate(counts) if n), tuple(n for n in counts if n))
        for counts in histogram
    )


def added(parts: Sequence[tuple[int, Distribution]], scale: int) -> Distribution:
    """Return distributions, each in units of its scale, as one in units of the deepest."""
    channels = zip(*(distribution for _, distribution in parts), strict=True)
    return tuple(_added(list(zip((s for s, _ in parts), c, strict=True)), scale) for c in channels)


def _added(parts: Sequence[tuple[int, Occurring]], scale: int) -> Occurring:
    total: dict[int, int] = {}
    for own, part in parts:
        for value, count in zip(part.values, part.counts, strict=True):
            deep = value * (scale // own)
            total[deep] = total.get(deep, 0) + count
    values = sorted(total)
    return Occurring(tuple(values), tuple(total[value] for value in values))


def distribution_figures(
    distribution: Distribution | None, scale: int, percentiles: Sequence[float], *, deep: bool
) -> dict[str, Any]:
    """Return what a document says of a distribution; `deep` is one of 16-bit values."""
    if distribution is None:
        return {}
    columns = [channel.percentiles(percentiles) for channel in distribution]
    by_q = [tuple(value / scale for value in row) for row in zip(*columns, strict=True)]
    return {
        "order_statistics": OrderStatistics(
            {f"{q:g}": values for q, values in zip(percentiles, by_q, strict=True)},
            tuple(channel.values[0] / scale for channel in distribution),
            tuple(channel.values[-1] / scale for channel in distribution),
        ),
        "sparse_histogram": distribution if deep else None,
    }


def at(distribution: Distribution, scale: int, q: float) -> Floats:
    """Return a percentile of each channel, in [0, 1]."""
    return tuple(channel.percentile(q) / scale for channel in distribution)


def pack(distribution: Distribution) -> str:
    """Return values of at most 16 bits and their counts as text.

    >>> unpack(pack((Occurring((0, 65535), (5, 1)),)), 1)
    (Occurring(values=(0, 65535), counts=(5, 1)),)
    """
    data = b"".join(
        struct.pack(f"<I{n}H{n}Q", n, *channel.values, *channel.counts)
        for channel in distribution
        for n in [len(channel.values)]
    )
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpack(text: str, channels: int) -> Distribution:
    """Return what `pack` was given, of so many channels.

    Raises
    ------
    ValueError
        If the text is of something else.
    """
    try:
        packed = base64.b64decode(text, validate=True)
        data = zlib.decompressobj().decompress(packed, channels * _LONGEST + 1)
        found, at = [], 0
        for _ in range(channels):
            channel, at = _unpacked(data, at)
            found.append(channel)
    except (zlib.error, struct.error) as error:
        raise ValueError(str(error)) from error
    if at != len(data):
        raise ValueError(f"it is not of {channels} channels")
    return tuple(found)


def _unpacked(data: bytes, at: int) -> tuple[Occurring, int]:
    (n,) = struct.unpack_from("<I", data, at)
    form = f"<{n}H{n}Q"
    numbers = struct.unpack_from(form, data, at + 4)
    channel = Occurring(numbers[:n], numbers[n:])
    if not all(a < b for a, b in pairwise(channel.values)) or 0 in channel.counts:
        raise ValueError("values do not ascend, or one does not occur")
    return channel, at + 4 + struct.calcsize(form)
