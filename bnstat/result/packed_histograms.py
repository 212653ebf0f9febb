"""Which values occur in each channel of a group, and how often, as a line of text.

A result may have a thousand groups, which as numbers in JSON would be ten times as long. Channel
by channel: n, n values of 2 bytes each, ascending, and n counts of 8, little-endian; all of it
deflated (zlib, RFC 1950), in base64 (RFC 4648).
"""

from __future__ import annotations

import base64
import struct
import zlib
from itertools import pairwise

from bnstat.result.quantiles import Distribution, Occurring

_LONGEST = 4 + 65536 * (2 + 8)  # bytes of a channel


def pack(distribution: Distribution) -> str:
    """Return values of at most 16 bits and their counts as text.

    >>> unpack(pack((Occurring((0, 65535), (5, 1)),)), 1)
    (Occurring(values=(0, 65535), counts=(5, 1)),)
    """
    data = b"".join(map(_packed, distribution))
    return base64.b64encode(zlib.compress(data, 1)).decode()


def _packed(channel: Occurring) -> bytes:
    n = len(channel.values)
    return struct.pack(f"<I{n}H{n}Q", n, *channel.values, *channel.counts)


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
