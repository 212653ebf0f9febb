"""An entry to the columns of a row and back. Nothing is unpickled, and every length is checked.

Numbers are little-endian, 8 bytes each; a checksum over all columns finds what a disk has changed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bnstat.journal.entry import PRINT, Entry
from bnstat.moments import ChunkMoments, Kind, Table

Row: TypeAlias = tuple[Any, ...]

_INT, _FLOAT = np.dtype("<i8"), np.dtype("<f8")


class DamagedError(ValueError):
    """What the file holds is not what was written."""


def packed_images(entry: Entry) -> Row:
    """Return the columns of the images of an entry: first key, keys, ends, prints, deep, check."""
    ends = np.cumsum([len(key) for key in entry.keys], dtype=_INT)
    columns = (
        entry.keys[0],
        b"".join(entry.keys),
        ends.tobytes(),
        b"".join(entry.prints),
        np.array(entry.deep, dtype=_INT).tobytes(),
    )
    return (*columns, _check(columns))


def packed_part(part: ChunkMoments) -> Row:
    """Return the columns of a part: kind, rows, moments, histogram, check, and the images' own."""
    table, integers = part.table, part.table.scale != 1
    columns = (
        json.dumps(part.kind),
        np.array(part.rows, dtype=_INT).tobytes(),
        table.n.astype(_INT).tobytes(),
        table.first.astype(_INT if integers else _FLOAT).tobytes(),
        table.second.astype(_INT if integers else _FLOAT).tobytes(),
        None if part.histogram is None else zlib.compress(part.histogram.astype(_INT).tobytes(), 1),
    )
    return (*columns, _check(columns), part.per_image_histograms)


def unpacked(images: Row, parts: Sequence[Row], views: int) -> Entry:
    """Return the entry of the columns of its images, and of its parts, each behind its view.

    Raises
    ------
    DamagedError
        If they are not those of an entry with so many views.
    """
    found: list[list[ChunkMoments]] = [[] for _ in range(views)]
    try:
        keys, prints, deep = _images(images)
        for view, *row in parts:
            found[view].append(_part(tuple(row)))
    except (LookupError, TypeError, ValueError, zlib.error) as error:
        raise DamagedError(str(error)) from error
    for view in found:
        if {row for part in view for row in part.rows} != set(range(len(keys))):
            raise DamagedError("moments of some images are missing")
    return Entry(keys, prints, deep, found)


def _images(row: Row) -> tuple[list[bytes], list[bytes], list[int]]:
    """Return keys, prints and the rows of deep images."""
    _check_row(row)
    _, keys, ends, prints, deep, _ = row
    stops = _numbers(ends, _INT).tolist()
    starts = [0, *stops[:-1]]
    if len(prints) != PRINT * len(stops) or stops[-1:] != [len(keys)]:
        raise DamagedError("keys and fingerprints do not fit")
    return (
        [keys[a:b] for a, b in zip(starts, stops, strict=True)],
        [prints[i : i + PRINT] for i in range(0, len(prints), PRINT)],
        _numbers(deep, _INT).tolist(),
    )


def _part(row: Row) -> ChunkMoments:
    """Return a part; without the images' own histograms if the row ends before them."""
    columns, apart = row[:7], row[7] if len(row) > 7 else None
    _check_row(columns)
    kind, rows, n, first, second, histogram, _ = columns
    mode, channels, scale = json.loads(kind)
    shape = (len(rows) // 8, len(channels))
    numbers = _FLOAT if scale == 1 else _INT
    table = Table(
        scale,
        _numbers(n, _INT, shape),
        _numbers(first, numbers, shape),
        _numbers(second, numbers, shape),
    )
    counts = None
    if histogram is not None:
        counts = _numbers(zlib.decompress(histogram), _INT, (len(channels), 256))
    rows = _numbers(rows, _INT).tolist()
    return ChunkMoments(Kind(mode, tuple(channels), scale), rows, table, counts, apart)


def _numbers(data: bytes, kind: np.dtype[Any], shape: tuple[int, ...] = (-1,)) -> NDArray[Any]:
    return np.frombuffer(data, dtype=kind).reshape(shape)


def _check(columns: Row) -> int:
    """Return a checksum over columns, in which their lengths count."""
    check = 0
    for column in columns:
        data = column.encode() if isinstance(column, str) else column or b""
        check = zlib.crc32(b"%d/%s" % (len(data), data), check)
    return check


def _check_row(row: Row) -> None:
    if not all(isinstance(column, bytes | str | None) for column in row[:-1]):
        raise DamagedError("columns are of other types")
    if _check(row[:-1]) != row[-1]:
        raise DamagedError("a checksum is wrong")
