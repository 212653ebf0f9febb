"""Files of arrays: .npy, which workers map, and .npz, an archive of arrays."""

from __future__ import annotations

import os
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnstat.errors import SourceError
from bnstat.sources.arrays import ArrayFileItems, ArrayItems, ArraySource, in_planes, layout_of
from bnstat.sources.limits import ReadLimits, UnreadableError
from bnstat.text import key_text

_MAX_NAMED = 8


def open_array_file(
    path: bytes, prefix: bytes, array: str | None, layout: str | None, limits: ReadLimits
) -> ArraySource:
    """Return the images in a file of arrays; `array` is the name of one in an .npz.

    Raises
    ------
    SourceError
        If it cannot be read, or has no such array, or the array's shape leaves doubt.
    """
    name = key_text(path)
    try:
        changed = os.stat(path).st_mtime_ns
        if path.lower().endswith(b".npz"):
            named, found = _member(path, array, limits)
            items = ArrayItems(in_planes(found, layout, f"{name}:{named}"))
            return ArraySource(items, prefix, path, changed)
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        axes = layout or layout_of(mapped, name)
        in_planes(mapped, axes, name)
        return ArraySource(ArrayFileItems.of(os.fsdecode(path), axes), prefix, path, changed)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, UnreadableError) as error:
        raise SourceError(f"{name} is no array that can be read: {error}") from error


def _member(path: bytes, array: str | None, limits: ReadLimits) -> tuple[str, NDArray[Any]]:
    """Return the name of the array that is meant, and the array."""
    with np.load(os.fsdecode(path), allow_pickle=False) as archive:
        names = archive.files
        if array is None:
            shapes = {name: _shape(path, name) for name in names}
            images = [name for name in names if len(shapes[name]) >= 3] or names
            if len(images) != 1:
                raise SourceError(
                    f"{key_text(path)} holds {_listed(shapes)}; name one: --array NAME"
                )
            array = images[0]
        if array not in names:
            raise SourceError(f"{key_text(path)} has no array {array!r}; it has {', '.join(names)}")
        limits.check(_size(path, array), unpacked=True)
        return array, archive[array]


def _listed(shapes: dict[str, tuple[int, ...]]) -> str:
    texts = [f"{name} ({'×'.join(map(str, shape))})" for name, shape in shapes.items()]
    return ", ".join(texts[:_MAX_NAMED]) + ", ..." * (len(texts) > _MAX_NAMED)


def _shape(path: bytes, name: str) -> tuple[int, ...]:
    """Return the shape of an array, read from its header alone."""
    with zipfile.ZipFile(os.fsdecode(path)) as archive, archive.open(_entry(archive, name)) as file:
        version = np.lib.format.read_magic(file)
        read: Any = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, *_ = read(file)
        return tuple(shape)


def _size(path: bytes, name: str) -> int:
    """Return the bytes of an array, unpacked."""
    with zipfile.ZipFile(os.fsdecode(path)) as archive:
        return archive.getinfo(_entry(archive, name)).file_size


def _entry(archive: zipfile.ZipFile, name: str) -> str:
    """Return the entry of an array, which numpy names without its extension."""
    return name if name in archive.namelist() else f"{name}.npy"
