"""Rasters of any number of bands, read block by block through GDAL (rasterio, an extra).

GDAL follows what it finds beside a file and in it: other files, addresses, programs' pipes. Here it
may open the one file that is named, by drivers that read one file, and a mask of the same name and
.msk; no folder is listed for side files, and no metadata file is read (docs/security.md).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnstat.decode.modes import UnmeasurableError
from bnstat.errors import MeasureError
from bnstat.files import READING
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import Reference

# Each reads one file, in which no other can be named.
DRIVERS = ("GTiff", "JP2OpenJPEG", "PNG", "JPEG", "BMP", "GIF", "WEBP")
# The cache is in bytes; the others keep GDAL from looking at other files.
_SETTINGS = {
    "GDAL_CACHEMAX": 64 << 20,
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_NUM_THREADS": "1",
    "GTIFF_HONOUR_NEGATIVE_SCALEY": "NO",
}
# Samples of all bands that are read at once, about; and the largest block that is decompressed.
_SAMPLES = 8 << 20
_MAX_BLOCK = 256 << 20
_MASK = ".msk"
# Σx² of more 16-bit samples may pass 2⁶³.
MAX_PIXELS = 1 << 31

Samples = NDArray[Any]
Mask = NDArray[np.bool_]


def check_rasterio() -> None:
    from importlib.util import find_spec

    if not find_spec("rasterio"):
        raise MeasureError("bands need the package rasterio: pip install 'bnstat[geo]'")


@dataclass(frozen=True)
class Raster:
    """An open raster: the names of its bands, the type of their samples, width and height.

    mask: the file beside it that says which pixels count, if there is one.
    """

    dataset: Any
    bands: tuple[str, ...]
    dtype: np.dtype[Any]
    width: int
    height: int
    mask: Any = None

    @property
    def bits(self) -> int:
        """Bits of a sample in the file, which its type may have more of."""
        own = 8 * self.dtype.itemsize
        return int(self.dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", own))

    @property
    def white_is_zero(self) -> bool:
        """Whether the largest value is black; GDAL gives gray as it is stored."""
        if self.bits == 1 and self.has_palette:
            return bool(self.dataset.colormap(1)[0][0] > 0)
        return bool(self.dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES")

    @property
    def has_palette(self) -> bool:
        return bool(self.dataset.colorinterp[0].name == "palette")

    @property
    def alpha(self) -> int | None:
        """Which band is alpha, counted from 1; None where none is."""
        names = [color.name for color in self.dataset.colorinterp]
        return names.index("alpha") + 1 if "alpha" in names else None

    @property
    def declares_nodata(self) -> bool:
        """Whether a value or a mask says which samples count."""
        flags = {flag.name for band in self.dataset.mask_flag_enums for flag in band}
        return self.mask is not None or flags.isdisjoint({"all_valid", "alpha"})

    @property
    def linear(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Scale and offset of each band, (B, 1, 1); None where the file declares none."""
        scales, offsets = np.array(self.dataset.scales), np.array(self.dataset.offsets)
        if (scales == 1).all() and (offsets == 0).all():
            return None
        return scales[:, np.newaxis, np.newaxis], offsets[:, np.newaxis, np.newaxis]

    def blocks(self, *, declared: bool = False) -> Iterator[tuple[Samples, Mask | None]]:
        """Yield samples (B, H, W) piece by piece, and, with `declared`, which of them count.

        These are the samples that the file's own nodata value, mask or alpha band lets count.
        """
        for window in self._windows():
            samples = self.dataset.read(window=window)
            yield samples, self._declared(window) if declared else None

    def _declared(self, window: Any) -> Mask:
        counts: Mask = self.dataset.read_masks(window=window) > 0
        return counts if self.mask is None else counts & (self.mask.read(1, window=window) > 0)

    def _windows(self) -> Iterator[Any]:
        from rasterio.windows import Window

        rows, columns = self.dataset.block_shapes[0]
        blocks = max(1, _SAMPLES // (len(self.bands) * rows * columns))
        width = min(self.width, columns * blocks)
        height = rows * max(1, blocks // -(-self.width // columns))
        for top in range(0, self.height, height):
            for left in range(0, self.width, width):
                size = (min(width, self.width - left), min(height, self.height - top))
                yield Window(left, top, *size)


@contextmanager
def open_raster(reference: Reference, limits: Limits) -> Iterator[Raster]:
    import rasterio
    from rasterio.errors import RasterioError
    from rasterio.io import DatasetReader

    if reference.problem is not None:
        raise UnmeasurableError(reference.problem)
    with ExitStack() as stack:
        stack.enter_context(rasterio.Env(**_SETTINGS))
        try:
            where = _place(reference, limits, stack)
            # rasterio.open takes a single driver.
            dataset = stack.enter_context(DatasetReader(where, driver=list(DRIVERS)))
        except RasterioError as error:
            text = str(error).replace(str(reference.path), "it")
            raise UnmeasurableError(f"cannot be opened by GDAL: {text}") from error
        yield _checked(dataset, _mask_beside(reference, dataset, stack))


def read_mask(reference: Reference, limits: Limits) -> Mask:
    """Return which pixels the mask in a file and the one beside it let count, (H, W)."""
    try:
        check_rasterio()
    except MeasureError as error:
        raise UnmeasurableError(f"has a mask, and {error}") from error
    with open_raster(reference, limits) as raster:
        counts = np.ones((raster.height, raster.width), dtype=bool)
        if any(flag.name == "per_dataset" for flag in raster.dataset.mask_flag_enums[0]):
            counts &= raster.dataset.read_masks(1) > 0
        return counts if raster.mask is None else counts & (raster.mask.read(1) > 0)


def is_whole(reference: Reference, limits: Limits) -> bool:
    """Whether GDAL, if it is there, reads all of a file without a warning, within the limits."""
    try:
        with _gdal_heard() as heard, open_raster(reference, limits) as raster:
            if raster.width * raster.height > limits.max_pixels:
                return False
            for _ in raster.blocks():
                pass
    except Exception:  # of GDAL, or without it
        return False
    return not heard


@contextmanager
def _gdal_heard() -> Iterator[list[logging.LogRecord]]:
    """Keep what GDAL warns of from the handlers of the program around; give it."""
    heard: list[logging.LogRecord] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = heard.append  # type: ignore[assignment]
    logger = logging.getLogger("rasterio")
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield heard
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated


def _place(reference: Reference, limits: Limits, stack: ExitStack) -> Any:
    """Return what GDAL opens: the file itself, or its bytes in memory."""
    from rasterio.io import MemoryFile

    if reference.content is None:
        os.close(os.open(reference.path, READING))  # the system's own reason
        return os.path.abspath(os.fsdecode(reference.path))
    with reference.open(limits) as file:
        return stack.enter_context(MemoryFile(file.read())).name


def has_mask_beside(reference: Reference) -> bool:
    """Whether there is a file of the same name and .msk."""
    return reference.content is None and os.path.isfile(os.fsdecode(reference.path) + _MASK)


def _mask_beside(reference: Reference, dataset: Any, stack: ExitStack) -> Any:
    """Return the file of the same name and .msk, open, that is a mask; None if there is none."""
    from rasterio.errors import RasterioError
    from rasterio.io import DatasetReader

    if not has_mask_beside(reference):
        return None
    path = os.path.abspath(os.fsdecode(reference.path) + _MASK)
    try:
        mask = stack.enter_context(DatasetReader(path, driver=["GTiff"]))
    except RasterioError as error:
        raise UnmeasurableError("its mask cannot be opened by GDAL as a GeoTIFF") from error
    return mask if mask.shape == dataset.shape else None


def _checked(dataset: Any, mask: Any) -> Raster:
    dtypes = set(dataset.dtypes)
    if len(dtypes) != 1:
        raise UnmeasurableError(f"has bands of several types: {', '.join(sorted(dtypes))}")
    dtype = np.dtype(dtypes.pop())
    if dtype.kind not in "uif":
        raise UnmeasurableError(f"has {dtype} samples, which have no mean in one dimension")
    if dataset.width * dataset.height > MAX_PIXELS:
        raise UnmeasurableError(
            f"has {dataset.width * dataset.height} pixels, more than {MAX_PIXELS}; cut it up"
        )
    rows, columns = dataset.block_shapes[0]
    if rows * columns * dtype.itemsize > _MAX_BLOCK:
        raise UnmeasurableError(
            f"has blocks of {rows * columns * dtype.itemsize} bytes, more than {_MAX_BLOCK} that "
            "are held at once; write it in tiles"
        )
    names = tuple(name or f"B{i}" for i, name in enumerate(dataset.descriptions, start=1))
    return Raster(dataset, names, dtype, dataset.width, dataset.height, mask)
