"""The samples of a raster's bands, block by block, to counts or moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bnstat.decode.masks import Nodata
from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.raster import Mask, Raster, Samples
from bnstat.measure.count_images import scaled_moments
from bnstat.measure.planes import Extremes, counts_of, moments_of, selected
from bnstat.moments import Centred, ChunkCounts, Ints, Kind, Pooled

_UNSIGNED = {"uint8": 255, "uint16": 65535}
# Code of a warning, a few words, and a number that is added over all images.
Notes = list[tuple[str, str, int]]


@dataclass(frozen=True)
class Reading:
    """How rasters are read.

    nodata: which samples do not count; max_value: what integers are divided by, instead of the
    largest value of their depth; unscale: whether scale and offset of a file are applied.
    """

    nodata: Nodata | None = None
    max_value: int | None = None
    unscale: bool = False

    @property
    def as_declared(self) -> bool:
        return self.nodata is not None and self.nodata.values is None


def count_raster(counts: ChunkCounts, row: int, raster: Raster, reading: Reading) -> Notes:
    """Add the samples of all bands to the counts: integers of 8 and 16 bits exactly.

    Unsigned samples of up to 16 bits are in units of the largest value that the file's bits have,
    all others as they are. Return what should be known of the file.

    Raises UnmeasurableError if `nodata` does not fit the bands. Raises SampleError if a sample that
    counts is NaN or infinite, or above `max_value`.
    """
    count = _Count(counts, row, raster, reading, np.zeros(len(raster.bands), dtype=np.int64))
    if raster.dtype.name in (*_UNSIGNED, "int16") and not reading.unscale:
        count.integers()
    else:
        count.floats()
    return list(count.notes())


@dataclass
class _Count:
    """The count of one raster.

    excluded: how many samples of each band do not count; ignored: how many would not if what the
    file declares were heeded; outlier: a float value that is far from all others.
    """

    counts: ChunkCounts
    row: int
    raster: Raster
    reading: Reading
    excluded: Ints
    ignored: int = 0
    outlier: str | None = None

    @property
    def _rest(self) -> tuple[int, ...] | None:
        return tuple(self.excluded.tolist()) if self.excluded.any() else None

    def _kind(self, scale: int) -> Kind:
        """Return the kind of a raster's samples; sets are of one list of bands."""
        bands, signed = self.raster.bands, self.raster.dtype == np.int16
        of = " of int16" if signed and not self.reading.unscale else ""
        return Kind(f"bands: {', '.join(bands)}{of}", bands, scale)

    def _pieces(self) -> Iterator[tuple[Samples, Mask | None]]:
        raster, honored = self.raster, self.reading.as_declared
        typed = _typed(self.reading.nodata, len(raster.bands))
        ignored = self.reading.nodata is None and raster.declares_nodata
        for samples, declared in raster.blocks(declared=honored or ignored):
            mask = declared if typed is None else typed(samples)
            if ignored and declared is not None:
                self.ignored += int((~declared).sum())
                mask = None
            if mask is not None:
                self.excluded += (~mask).sum(axis=(1, 2))
            yield samples, mask

    def integers(self) -> None:
        """Add 8- or 16-bit samples by how often each value occurs."""
        dtype, signed = self.raster.dtype, self.raster.dtype == np.int16
        values = 256 if dtype == np.uint8 else 65536
        counts = np.zeros((len(self.raster.bands), values), dtype=np.int64)
        for samples, mask in self._pieces():
            # As unsigned numbers, a signed sample is 32768 more.
            unsigned = (samples.view(np.uint16) ^ np.uint16(0x8000)) if signed else samples
            counts += counts_of(unsigned, values, mask)
        if signed:
            self.counts.add_16_bit(self.row, self._kind(1), counts, self._rest, lowest=-32768)
        else:
            self._unsigned(counts)

    def _unsigned(self, counts: Ints) -> None:
        """Add counts of unsigned samples, in the depth that the file has."""
        whole, bits = counts.shape[1] - 1, self.raster.bits
        largest = min(2**bits - 1, whole)
        if self.raster.white_is_zero and self.reading.max_value is None:
            counts[:, : largest + 1] = counts[:, largest::-1].copy()
        if self.reading.max_value is None and whole % largest:
            columns = zip(*(scaled_moments(band, largest) for band in counts), strict=True)
            moments = Centred(*map(np.concatenate, columns))
            self.counts.add_floats(self.row, self._kind(1), moments, self._rest)
            return
        if self.reading.max_value is None and largest < whole:
            spread = np.zeros_like(counts)
            spread[:, :: whole // largest] = counts[:, : largest + 1]
            counts = spread
        if whole == 255:
            histogram = counts.ravel().tolist()
            self.counts.add_8_bit(self.row, self._kind(255), histogram, self._rest)
        else:
            self.counts.add_16_bit(self.row, self._kind(65535), counts, self._rest)

    def floats(self) -> None:
        """Add samples as they are: moments of each block, merged by Chan's formula.

        Integers of 32 bits are divided by `max_value`; `unscale` applies scale and offset.
        """
        bands, integral = len(self.raster.bands), self.raster.dtype.kind != "f"
        total = Pooled(np.zeros(bands, np.int64), np.zeros(bands), np.zeros(bands))
        linear = self.raster.linear if self.reading.unscale else None
        ends = np.full((bands, 2), np.nan)
        extremes = [Extremes() for _ in range(bands)]
        for samples, mask in self._pieces():
            if integral:
                chosen = samples if mask is None else samples[mask]
                self.counts.check_largest(int(chosen.max(initial=0)))
            meant = samples if linear is None else samples * linear[0] + linear[1]
            found = moments_of(meant, mask)
            total = total.merged(Pooled(found.n, found.mean, found.m2))
            ends[:, 0] = np.fmin(ends[:, 0], found.ends[:, 0])
            ends[:, 1] = np.fmax(ends[:, 1], found.ends[:, 1])
            if not integral:
                by_band = samples if mask is None else selected(samples, mask)
                for band, values in zip(extremes, by_band, strict=True):
                    band.add(values)
        unit = self.reading.max_value or 1 if integral else 1
        moments = Centred(*total, ends).divided(unit)
        self.counts.add_floats(self.row, self._kind(1), moments, self._rest)
        self.outlier = next((e.outlier for e in extremes if e.outlier is not None), None)

    def notes(self) -> Iterator[tuple[str, str, int]]:
        raster, linear = self.raster, self.raster.linear
        if raster.has_palette and raster.bits > 1:
            yield "palette-indices", "", 0
        if self.ignored:
            value = raster.dataset.nodata
            yield "nodata", "a mask" if value is None else f"{value:g}", 0
        elif self.outlier is not None and self.reading.nodata is None:
            yield "float-outlier", self.outlier, 0
        if raster.alpha is not None and self.reading.as_declared and self.excluded.any():
            pixels = int(self.excluded.max())
            yield "alpha-band", f"band {raster.alpha} left out {pixels:,} pixels", 0
        if linear is not None and not self.reading.unscale:
            scale, offset = (values.flat[0] for values in linear)
            yield "scaled", f"scale {scale:g}, offset {offset:g}", 0


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
