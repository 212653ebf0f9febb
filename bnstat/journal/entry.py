"""What was measured of a chunk of images; as values for SQL columns, and back.

Numbers are little-endian, 8 bytes each, an array a column. Nothing is unpickled; the length of each
value is checked, what is compressed inflates to a known length or not at all, and a checksum over
all columns of a row finds what a disk has changed.

What is simpler is slower, in CPU time an image for writing and reading, chunks of 512 small images:

    these columns                0.2 + 0.3 µs    262 bytes
    numpy.savez, one a chunk     0.5 + 1.0 µs    278 bytes    the lengths in it need the same checks
    JSON and zlib, one a chunk   2.6 + 1.9 µs    172 bytes
    SQL columns, a row an image   25 +  12 µs    306 bytes    no histogram of the whole chunk
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bnstat.moments import Appearance, Appearances, ChunkMoments, Kind, MomentsTable

Row: TypeAlias = tuple[Any, ...]

_INT, _FLOAT = np.dtype("<i8"), np.dtype("<f8")
# A chunk has 512 images at most; what claims to have more is not read.
_MAX_IMAGES = 1024
_LONGEST_KIND = 1000
# Of what an image is like, as JSON.
_LONGEST_APPEARANCE = 200
# Of so many channels of single images; one of 8 bits has 2 KiB, and is packed into little more.
_MAX_HISTOGRAMS = 1 << 16
# Bytes of that of a channel, packed, by scale; of 16 bits in the draws of many epochs.
_LONGEST_HISTOGRAM = {255: 2100, 65535: 128 << 20}
# No two images of a set have equal stored fingerprints of so many bytes.
FINGERPRINT_BYTES = 16


@dataclass(frozen=True)
class Expected:
    """What the entries of a journal have in common.

    draws: how many draws of an image each view has; is_kind: whether draws of a kind can exist;
    per_image: whether the histograms of single images are needed.
    """

    draws: Sequence[int]
    is_kind: Callable[[Kind], bool]
    per_image: bool = False


@dataclass(frozen=True)
class Entry:
    """What was measured of the images of a chunk, all of which were measured in every view.

    keys: in order; fingerprints: as they are stored; deep, transparent: rows of images deeper than
    8 bits, and of images with fully transparent pixels; views: the moments in each view;
    appearances: what the images are like.
    """

    keys: list[bytes]
    fingerprints: list[bytes]
    deep: list[int]
    transparent: list[int]
    views: list[list[ChunkMoments]]
    appearances: Appearances

    def take(self, rows: Sequence[int]) -> Entry:
        """Return the entry of some of the images.

        Raises ValueError if the histograms of single images are needed, and were not read.
        """
        if len(rows) == len(self.keys):
            return self
        place = {row: i for i, row in enumerate(rows)}
        views = [[moments.take(rows) for moments in view] for view in self.views]
        return Entry(
            [self.keys[row] for row in rows],
            [self.fingerprints[row] for row in rows],
            [place[row] for row in self.deep if row in place],
            [place[row] for row in self.transparent if row in place],
            [[moments for moments in view if moments is not None] for view in views],
            self.appearances.take(rows),
        )


def stored_fingerprint(fingerprint: int, ctimes: tuple[int, ...]) -> bytes:
    """Return what an entry stores of an image's fingerprint and of its files' changes of status.

    These tell a file that was changed and then given its old time of change.
    """
    text = f"{fingerprint}/{ctimes}".encode()
    return blake2b(text, digest_size=FINGERPRINT_BYTES).digest()


class DamagedError(ValueError):
    """What the file holds is not what was written."""


def packed_images(entry: Entry) -> Row:
    """Return the columns of images: keys and what is noted of each, and their checksum."""
    ends = np.cumsum([len(key) for key in entry.keys], dtype=_INT)
    columns = (
        entry.keys[0],
        b"".join(entry.keys),
        ends.tobytes(),
        b"".join(entry.fingerprints),
        np.array(entry.deep, dtype=_INT).tobytes(),
        np.array(entry.transparent, dtype=_INT).tobytes(),
        json.dumps(entry.appearances.distinct),
        np.array(entry.appearances.places, dtype=_INT).tobytes(),
    )
    return (*columns, _checksum(columns))


def packed_moments(moments: ChunkMoments) -> Row:
    table, excluded, histogram = moments.table, moments.excluded_count, moments.histogram
    numbers = _FLOAT if table.scale == 1 else _INT
    columns = (
        json.dumps(moments.kind),
        np.array(moments.rows, dtype=_INT).tobytes(),
        table.n.astype(_INT).tobytes(),
        table.sum_or_mean.astype(numbers).tobytes(),
        # The ends of float samples follow their M2; older entries have none.
        table.sumsq_or_m2.astype(numbers).tobytes()
        + (b"" if table.ends is None else table.ends.astype(_FLOAT).tobytes()),
        None if excluded is None else excluded.astype(_INT).tobytes(),
        None if histogram is None else zlib.compress(histogram.astype(_INT).tobytes(), 1),
        np.array(moments.few_valued, dtype=_INT).tobytes(),
    )
    return (*columns, _checksum(columns), moments.per_image_histograms)


def unpacked(images: Row, moments: Iterable[Row], expected: Expected) -> Entry:
    """Return the entry of the columns of its images, and of its moments, each behind its view.

    Raises DamagedError if they are not those of an entry as is expected.
    """
    try:
        entry = _unpacked_images(images, [[] for _ in expected.draws])
        missing = [set(range(len(entry.keys))) for _ in entry.views]
        for view, *row in moments:  # checked one by one: a forged entry may hold any number
            found = _unpacked_moments(tuple(row), expected)
            _check_missing(found, missing[view], expected.draws[view])
            missing[view].difference_update(found.rows)
            entry.views[view].append(found)
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError, zlib.error) as error:
        raise DamagedError(str(error)) from error
    if any(missing):
        raise DamagedError("moments of some images are missing")
    return entry


def _check_missing(moments: ChunkMoments, missing: set[int], draws: int) -> None:
    """Raise DamagedError unless moments are of missing images, in so many draws of each."""
    rows = moments.rows[::draws]
    if moments.rows != [row for row in rows for _ in range(draws)]:
        raise DamagedError("draws of an image are missing")
    if not rows or not missing.issuperset(rows) or len({*rows}) < len(rows):
        raise DamagedError("images have moments twice, or none")
    packed, counted = moments.per_image_histograms, len(rows) * len(moments.kind.channels)
    longest = counted * _LONGEST_HISTOGRAM.get(moments.kind.scale, 0)
    if packed is not None and (counted > _MAX_HISTOGRAMS or len(packed) > longest):
        raise DamagedError("there are more histograms than images")


def _unpacked_images(row: Row, views: list[list[ChunkMoments]]) -> Entry:
    """Return the entry of the columns of its images, with views that are to be filled."""
    _check_row(row)
    first_key, keys, ends, fingerprints, deep, transparent, distinct, places, _ = row
    stops = _numbers(ends, _INT).tolist()
    images, size = len(stops), FINGERPRINT_BYTES
    if not 0 < images <= _MAX_IMAGES:
        raise DamagedError(f"a chunk has {images} images")
    fit = [0, *stops] == sorted([0, *stops]) and stops[-1] == len(keys)
    if not fit or keys[: stops[0]] != first_key:
        raise DamagedError("keys do not fit together")
    if len(fingerprints) != size * images:
        raise DamagedError("keys and fingerprints do not fit together")
    return Entry(
        [keys[a:b] for a, b in zip([0, *stops], stops, strict=False)],
        [fingerprints[i : i + size] for i in range(0, len(fingerprints), size)],
        _rows(deep, images),
        _rows(transparent, images),
        views,
        _appearances(distinct, places, images),
    )


def _appearances(distinct: str, places: bytes, images: int) -> Appearances:
    if len(distinct) > _MAX_IMAGES * _LONGEST_APPEARANCE:
        raise DamagedError("appearances are long")
    known = [_appearance(*each) for each in json.loads(distinct)]
    of_rows = array("h", _numbers(places, _INT).tolist())
    if len(of_rows) != images or not all(0 <= place < len(known) for place in of_rows):
        raise DamagedError("images and appearances do not fit together")
    return Appearances(known, of_rows)


def _appearance(width: int, height: int, mode: str, depth: int, name: str) -> Appearance:
    numbers = all(type(each) is int and each > 0 for each in (width, height, depth))
    if not numbers or not (isinstance(mode, str) and isinstance(name, str)):
        raise DamagedError("no image is like that")
    return width, height, mode, depth, name


def _unpacked_moments(row: Row, expected: Expected) -> ChunkMoments:
    """Return moments; without the histograms of single images if the row ends before them."""
    columns, per_image_histograms = row[:9], row[9] if len(row) > 9 else None
    _check_row(columns)
    kind, rows, n, first, second, excluded, histogram, few_valued, _ = columns
    kind = _kind(kind, expected)
    shape = (len(rows) // 8, len(kind.channels))
    numbers = _FLOAT if kind.scale == 1 else _INT
    ends = second[len(n) :] if kind.scale == 1 else b""
    second = second[: len(second) - len(ends)]
    table = MomentsTable(
        kind.scale,
        _numbers(n, _INT, shape),
        _numbers(first, numbers, shape),
        _numbers(second, numbers, shape),
        _numbers(ends, _FLOAT, (*shape, 2)) if ends else None,
    )
    excluded = None if excluded is None else _numbers(excluded, _INT, shape)
    _check_values(table, excluded)
    return ChunkMoments(
        kind,
        _numbers(rows, _INT).tolist(),
        table,
        None if histogram is None else _histogram(histogram, len(kind.channels), kind.scale + 1),
        per_image_histograms,
        excluded,
        few_valued=tuple(_rows(few_valued, _MAX_IMAGES)),
    )


def _kind(text: str, expected: Expected) -> Kind:
    if len(text) > _LONGEST_KIND:
        raise DamagedError("a kind of samples has a long name")
    mode, channels, scale = json.loads(text)
    kind = Kind(mode, tuple(channels), scale)
    if not expected.is_kind(kind):
        raise DamagedError(f"there is no kind of samples {text}")
    return kind


def _histogram(data: bytes, channels: int, values: int) -> NDArray[np.int64]:
    size = channels * values * _INT.itemsize
    inflated = zlib.decompressobj().decompress(data, size + 1)
    return _numbers(inflated, _INT, (channels, values))


def _numbers(data: bytes, kind: np.dtype[Any], shape: tuple[int, ...] = (-1,)) -> NDArray[Any]:
    return np.frombuffer(data, dtype=kind).reshape(shape)


def _rows(data: bytes, images: int) -> list[int]:
    rows: list[int] = _numbers(data, _INT).tolist()
    if not all(0 <= row < images for row in rows):
        raise DamagedError("a row is not one of the chunk")
    return rows


def _check_values(table: MomentsTable, excluded: NDArray[np.int64] | None) -> None:
    """Raise DamagedError if no samples have these moments."""
    if not np.isfinite([table.sum_or_mean, table.sumsq_or_m2]).all():
        raise DamagedError("moments are not finite")
    least = [table.n, table.sumsq_or_m2, *([] if table.scale == 1 else [table.sum_or_mean])]
    least += [] if excluded is None else [excluded]
    if any((values < 0).any() for values in least):
        raise DamagedError("moments are below zero")
    empty = table.n == 0
    if (table.sum_or_mean[empty] != 0).any() or (excluded is None and empty.any()):
        raise DamagedError("an image has no samples")
    if table.ends is not None and not _hold(table.ends, table.sum_or_mean)[~empty].all():
        raise DamagedError("a mean is not between the ends of its samples")


def _hold(ends: NDArray[np.float64], means: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether means lie between ends, but for their rounding; not where an end is NaN."""
    low, high = ends[:, :, 0], ends[:, :, 1]
    margin = 1e-9 * np.maximum(np.abs(low), np.abs(high))
    held: NDArray[np.bool_] = (low - margin <= means) & (means <= high + margin)
    return held & np.isfinite(ends).all(axis=2)


def _checksum(columns: Row) -> int:
    """Return a checksum over columns, in which their lengths count."""
    checksum = 0
    for column in columns:
        data = column.encode() if isinstance(column, str) else column or b""
        checksum = zlib.crc32(b"%d/%s" % (len(data), data), checksum)
    return checksum


def _check_row(row: Row) -> None:
    if not all(isinstance(column, bytes | str | None) for column in row[:-1]):
        raise DamagedError("columns are of other types")
    if _checksum(row[:-1]) != row[-1]:
        raise DamagedError("a checksum is wrong")
