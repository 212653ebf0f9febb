"""Arrays of images as sources: in memory, in a .npy file, which workers map, or in an .npz."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bnstat.errors import SourceError
from bnstat.settings.samples import LAYOUTS
from bnstat.sources.bounds import ReadLimits, UnreadableError
from bnstat.sources.items import Item, Items, ItemSource, Stack, open_shared
from bnstat.sources.reference import Reference, fingerprint_of
from bnstat.sources.source import NamedFiles
from bnstat.text import key_text

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

# An axis of so many is taken for channels, where no layout is named.
_FEW = (1, 2, 3, 4)
# Of an image's number, which ends its key.
_DIGITS = 9
_MAX_NAMED = 8


def in_planes(array: NDArray[Any], layout: str | None, name: str) -> NDArray[Any]:
    """Return an array of images in the shape (N, C, H, W), nothing copied.

    Raise SourceError if the layout does not fit, or none is named and the shape leaves doubt.
    """
    layout = layout or layout_of(array, name)
    if len(layout) != array.ndim:
        shape = "×".join(map(str, array.shape))
        raise SourceError(f"{name} has the shape {shape}, which is not {layout}")
    if 0 in array.shape:
        raise SourceError(f"{name} has no images: its shape is {array.shape}")
    for axis in "NC":
        if axis not in layout:
            array, layout = array[np.newaxis], axis + layout
    return np.transpose(array, [layout.index(axis) for axis in "NCHW"])


def layout_of(array: NDArray[Any], name: str) -> str:
    """Return the only layout that a shape can have."""
    shape = array.shape
    if array.ndim == 4:
        fitting = ["NHWC"] * (shape[3] in _FEW) + ["NCHW"] * (shape[1] in _FEW)
    elif array.ndim == 3:
        fitting = ["NHW"] + ["HWC"] * (shape[2] in _FEW) + ["CHW"] * (shape[0] in _FEW)
    else:
        fitting = ["HW"] if array.ndim == 2 else []
    if len(fitting) == 1:
        return fitting[0]
    text = "×".join(map(str, shape))
    if fitting:
        doubt = f"may be {' or '.join(fitting)}"
    else:
        doubt = f"is none of {', '.join(LAYOUTS)} for sure"
    raise SourceError(
        f"{name} has the shape {text}, which {doubt}; name its layout, as in --layout NHWC"
    )


@dataclass(frozen=True)
class ArrayItems(Items):
    """Gives the images of an array (N, C, H, W) in this process."""

    images: NDArray[Any] = field(repr=False)

    def item(self, reference: Reference, epoch: int) -> Item:
        return Item(np.moveaxis(_native(self.images[_index(reference)]), 0, -1))

    def stack(self, chunk: Sequence[Reference]) -> Stack | None:
        indices = [_index(reference) for reference in chunk]
        first, behind = indices[0], indices[-1] + 1
        together = behind - first == len(indices)
        return Stack(_native(self.images[first:behind] if together else self.images[indices]))

    def release(self) -> None:
        base: Any = self.images
        while base is not None and not hasattr(base, "_mmap"):
            base = getattr(base, "base", None)
        if base is not None and base.mode != "c":  # what is changed in that is in memory alone
            base._mmap.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class ArrayFileItems(Items):
    """Gives the images of a .npy file, which any process maps; `identity` tells a changed file."""

    path: str
    layout: str
    identity: tuple[int, ...]

    @classmethod
    def of(cls, path: str, layout: str) -> ArrayFileItems:
        status = os.stat(path)
        return cls(path, layout, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))

    @property
    def opened(self) -> ArrayItems:
        return _mapped(self)

    def item(self, reference: Reference, epoch: int) -> Item:
        return self.opened.item(reference, epoch)

    def stack(self, chunk: Sequence[Reference]) -> Stack | None:
        return self.opened.stack(chunk)

    def release(self) -> None:
        self.opened.release()


@lru_cache(maxsize=8)
def _mapped(items: ArrayFileItems) -> ArrayItems:
    array = np.load(items.path, mmap_mode="r", allow_pickle=False)
    return ArrayItems(in_planes(array, items.layout, items.path))


def _native(array: NDArray[Any]) -> NDArray[Any]:
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _index(reference: Reference) -> int:
    return int(reference.key[-_DIGITS:])


class ArraySource(ItemSource):
    def __init__(
        self,
        items: ArrayItems | ArrayFileItems,
        prefix: bytes = b"",
        path: bytes = b"",
        mtime_ns: int = 0,
    ) -> None:
        self.prefix = prefix
        self._form = prefix.replace(b"%", b"%%") + b"%%0%dd" % _DIGITS
        self._items, self._path, self._mtime = items, path, mtime_ns
        images = items.images if isinstance(items, ArrayItems) else items.opened.images
        self._length, self._size = len(images), images[0].nbytes
        self._file: IO[bytes] | None = None

    def send(self, *, costly: bool) -> bool:
        """Put the images where workers find them, if what is done to them is `costly`."""
        if isinstance(self._items, ArrayFileItems):
            return True
        if not costly:
            return False
        self._file, path = open_shared(self)
        np.lib.format.write_array(self._file, self._items.images, allow_pickle=False)
        self._file.flush()
        self._items = ArrayFileItems.of(path, "NCHW")
        return True

    @property
    def is_here(self) -> bool:
        """Whether the array is in this process, or mapped by it, and not opened by workers."""
        return isinstance(self._items, ArrayItems)

    def blocks(self, size: int) -> Iterator[tuple[list[bytes], NDArray[Any]]]:
        """Yield keys and images (N, C, H, W) of about so many bytes, if of more than one image."""
        assert isinstance(self._items, ArrayItems)
        number = max(1, size // self._size)
        for start in range(0, self._length, number):
            images = self._items.images[start : start + number]
            yield list(self._keys(start, start + len(images))), _native(images)
            self._items.release()

    def count(self) -> int:
        return self._length

    def fingerprint(self) -> int:
        """Return the sum of the fingerprints of its images, without a reference to each."""
        changed = b"%d" % self._mtime
        return sum(fingerprint_of(self._size, changed, key) for key in self._keys()) % 2**256

    def index(self) -> NamedFiles:
        return NamedFiles(list(self._keys()), self._reference)

    def __iter__(self) -> Iterator[Reference]:
        return map(self._reference, range(self._length))

    def _reference(self, index: int) -> Reference:
        return Reference(self._key(index), self._path, self._size, self._mtime, content=self._items)

    def _key(self, index: int) -> bytes:
        return self._form % index

    def _keys(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        return map(self._form.__mod__, range(self._length)[start:stop])


def open_array_file(
    path: bytes, prefix: bytes, array: str | None, layout: str | None, limits: ReadLimits
) -> ArraySource:
    """Return the images in a file of arrays; `array` is the name of one in an .npz.

    Raise SourceError if it cannot be read, or has no such array, or the array's shape leaves doubt.
    """
    from zipfile import BadZipFile

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
    except (OSError, ValueError, EOFError, BadZipFile, UnreadableError) as error:
        raise SourceError(f"{name} is no array that can be read: {error}") from error


def _member(path: bytes, array: str | None, limits: ReadLimits) -> tuple[str, NDArray[Any]]:
    with np.load(os.fsdecode(path), allow_pickle=False) as archive:
        if array is None:
            shapes = {name: _shape(archive.zip, name) for name in archive.files}
            images = [name for name in archive.files if len(shapes[name]) >= 3] or archive.files
            if len(images) != 1:
                texts = [f"{name} ({'×'.join(map(str, shape))})" for name, shape in shapes.items()]
                listed = ", ".join(texts[:_MAX_NAMED]) + ", ..." * (len(texts) > _MAX_NAMED)
                raise SourceError(f"{key_text(path)} holds {listed}; name one: --array NAME")
            array = images[0]
        if array not in archive.files:
            known = ", ".join(archive.files)
            raise SourceError(f"{key_text(path)} has no array {array!r}; it has {known}")
        limits.check(_entry(archive.zip, array).file_size, unpacked=True)
        return array, archive[array]


def _entry(archive: ZipFile, name: str) -> ZipInfo:
    """Return the entry of an array, which numpy names without its extension."""
    return archive.getinfo(name if name in archive.namelist() else f"{name}.npy")


def _shape(archive: ZipFile, name: str) -> tuple[int, ...]:
    """Return the shape of an array, read from its header alone."""
    with archive.open(_entry(archive, name)) as file:
        read: Any = np.lib.format.read_array_header_1_0
        if np.lib.format.read_magic(file) != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, *_ = read(file)
        return tuple(shape)
