"""The samples of a raster's bands, block by block, to counts or moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from bnstat.decode.excluded import Nodata
from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.raster import Mask, Raster, Samples
from bnstat.measure.counting.planes import counts_of, moments_of
from bnstat.moments import ChunkCounts, Ints, Kind, Pooled

_UNSIGNED = {"uint8": 255, "uint16": 65535}


def count_raster(
    accumulator: ChunkCounts,
    row: int,
    raster: Raster,
    nodata: Nodata | None,
    max_value: int | None = None,
) -> None:
    """Add the samples of all bands to the accumulator: integers of 8 and 16 bits exactly.

    Unsigned 8- and 16-bit samples are in units of their largest value, all others as they are; or
    all integers are divided by `max_value`.

    Raises
    ------
    UnmeasurableError
        If `nodata` does not fit the bands.
    NotFiniteError
        If a sample that counts is NaN or infinite.
    """
    excluded = np.zeros(len(raster.bands), dtype=np.int64)
    if raster.dtype.name in (*_UNSIGNED, "int16"):
        _add_integers(accumulator, row, raster, nodata, excluded)
    else:
        _add_floats(accumulator, row, raster, nodata, excluded, max_value or 1)


def _kind(raster: Raster, scale: int) -> Kind:
    """Return the kind of a raster's samples; sets are of one list of bands."""
    of = " of int16" if raster.dtype == np.int16 else ""
    return Kind(f"bands: {', '.join(raster.bands)}{of}", raster.bands, scale)


def _pieces(
    raster: Raster, nodata: Nodata | None, excluded: Ints
) -> Iterator[tuple[Samples, Mask | None]]:
    """Yield samples and their masks; count what is excluded."""
    declared = nodata is not None and nodata.values is None
    typed = _typed(nodata, len(raster.bands))
    for samples, own in raster.blocks(declared=declared):
        mask = own if typed is None else typed(samples)
        if mask is not None:
            excluded += (~mask).sum(axis=(1, 2))
        yield samples, mask


def _typed(nodata: Nodata | None, bands: int) -> Callable[[Samples], Mask] | None:
    """Return what tells which samples are not the typed value; None where none is typed."""
    if nodata is None or nodata.values is None:
        return None
    values = nodata.values
    if len(values) == 1:
        return lambda samples: ~_equal(samples, values[0])
    if len(values) != bands:
        raise UnmeasurableError(f"has {bands} bands, and --nodata names {len(values)}")

    def counted(samples: Samples) -> Mask:
        equal = [_equal(band, value) for band, value in zip(samples, values, strict=True)]
        whole = ~np.logical_and.reduce(equal)
        return np.broadcast_to(whole, samples.shape)

    return counted


def _equal(samples: Samples, value: float) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = np.isnan(samples) if math.isnan(value) else samples == value
    return equal


def _add_integers(
    accumulator: ChunkCounts, row: int, raster: Raster, nodata: Nodata | None, excluded: Ints
) -> None:
    """Add 8- or 16-bit samples by how often each value occurs."""
    signed = raster.dtype == np.int16
    values = 256 if raster.dtype == np.uint8 else 65536
    counts = np.zeros((len(raster.bands), values), dtype=np.int64)
    for samples, mask in _pieces(raster, nodata, excluded):
        # As unsigned numbers, a signed sample is 32768 more.
        own = (samples.view(np.uint16) ^ np.uint16(0x8000)) if signed else samples
        counts += counts_of(own, values, mask)
    rest = tuple(excluded.tolist()) if excluded.any() else None
    if signed:
        accumulator.add_16_bit(row, _kind(raster, 1), counts, rest, lowest=-32768)
    elif values == 256:
        accumulator.add_8_bit(row, _kind(raster, 255), counts.ravel().tolist(), rest)
    else:
        accumulator.add_16_bit(row, _kind(raster, 65535), counts, rest)


def _add_floats(
    accumulator: ChunkCounts,
    row: int,
    raster: Raster,
    nodata: Nodata | None,
    excluded: Ints,
    max_value: int,
) -> None:
    """Add samples as they are: moments of each block, merged by Chan's formula.

    Integers of 32 bits are divided by `max_value`.
    """
    bands = len(raster.bands)
    total = Pooled(np.zeros(bands, np.int64), np.zeros(bands), np.zeros(bands))
    for samples, mask in _pieces(raster, nodata, excluded):
        if raster.dtype.kind != "f":
            chosen = samples if mask is None else samples[mask]
            accumulator.check_largest(int(chosen.max(initial=0)))
        total = total.merged(Pooled(*moments_of(samples, mask)))
    rest = tuple(excluded.tolist()) if excluded.any() else None
    unit = 1 if raster.dtype.kind == "f" else max_value
    moments = total.n, total.mean / unit, total.m2 / unit**2
    accumulator.add_floats(row, _kind(raster, 1), *moments, rest)
