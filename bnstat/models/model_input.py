"""References to what a model is given: decoded, drawn, in batches of images of one size.

Drawn images are kept in memory between passes for all workers of this machine: in an anonymous file
of the main process (memfd_create(2)), which ends with that process, however it ends. Workers open
it as /proc/PID/fd/N and append to it; with O_APPEND, what several of them write at once never
overlaps. Where there is no such file, as on other systems and other machines of a cluster, nothing
is kept and images are decoded anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.augment import Draws, caller_undisturbed
from bnstat.decode.decoding import reason
from bnstat.decode.modes import UnmeasurableError, expanded, in_8_bits, with_max_value
from bnstat.decode.references import Decoded, decode_each
from bnstat.decode.selection import Conditions
from bnstat.errors import MeasureError
from bnstat.measure.count_images import planes_of
from bnstat.sources.bounds import Limits
from bnstat.sources.reference import Reference

if TYPE_CHECKING:
    from torch import Tensor


# Drawn images (C, H, W) of one shape and dtype, in an array (N, C, H, W).
Stack: TypeAlias = NDArray[Any]


class CachePlace(NamedTuple):
    """Where the stacks of a chunk are kept: an offset, and (shape, dtype) of each."""

    offset: int
    stacks: tuple[tuple[tuple[int, ...], str], ...]


@dataclass(frozen=True)
class DrawnChunk:
    """The images of a chunk, as they were drawn.

    stacks: of images of equal shape, in the order of the first of each; failures: (row, reason);
    place: where the stacks are kept, None if they are not.
    """

    stacks: list[Stack]
    failures: list[tuple[int, str]] = field(default_factory=list)
    place: CachePlace | None = None


@dataclass(frozen=True)
class Drawing:
    """Decodes the images of a chunk, and has the pipeline draw them if there is one.

    epochs: how often images are drawn that a dataset draws at random, and no pipeline; max_value:
    what integers are divided by, where that is asked for.
    """

    mode: str
    limits: Limits
    draws: Draws | None = None
    conditions: Conditions = field(default_factory=Conditions)
    epochs: int = 1
    max_value: int | None = None

    @property
    def times(self) -> int:
        """How often each image is drawn: once, unless that is at random."""
        return self.draws.epochs if self.draws else self.epochs

    def __call__(self, chunk: Sequence[Reference]) -> DrawnChunk:
        """Return the drawn images; what cannot be decoded or drawn is a failure."""
        groups: dict[tuple[object, ...], list[Stack]] = {}
        failures: list[tuple[int, str]] = []

        def draw(decoded: Decoded) -> None:
            try:
                drawn = list(self._drawn(decoded))
            except Exception as error:
                failures.append((decoded.row, reason(error, decoded.reference.size)))
                return
            for planes in drawn:
                groups.setdefault((planes.shape, planes.dtype.str), []).append(planes)

        with caller_undisturbed():
            report = decode_each(chunk, self.limits, draw)
        stacks = [np.stack(group) for group in groups.values()]
        return DrawnChunk(stacks, sorted(report.failures + failures))

    def _drawn(self, decoded: Decoded) -> Iterator[Stack]:
        """Yield each draw of an image: uint8, or floats, of shape (C, H, W)."""
        for epoch in range(self.times):
            own = with_max_value(decoded.in_epoch(epoch), self.max_value, deep=decoded.deep)
            image = self.conditions.of(own, self.mode).image
            if self.draws is not None or isinstance(image, Image.Image):
                image = in_8_bits(image, self.mode)
            if self.draws is None:
                yield _samples(image)
                continue
            try:
                *_, last = self.draws.draw(image, decoded.reference.key, epoch)
                planes = _samples(last.output)
            except UnmeasurableError:
                raise
            except Exception as error:
                failed = f"the pipeline failed: {type(error).__name__}: {error}"
                raise UnmeasurableError(failed) from error
            yield planes


@dataclass(frozen=True)
class Normalization:
    """(x − mean)/std of images in [0, 1]; without constants, images go in as they were drawn."""

    mean: tuple[float, ...] | None
    std: tuple[float, ...] | None

    def batches(self, stacks: Sequence[Stack], most: int) -> Iterator[Tensor]:
        """Yield drawn images as a model takes them, float32 or float64, in batches of `most`."""
        for stack in stacks:
            for start in range(0, len(stack), most):
                yield self._normalized(stack[start : start + most])

    def _normalized(self, stack: Stack) -> Tensor:
        import torch

        images = torch.from_numpy(stack)
        if images.dtype == torch.uint8:
            images = images.float().div_(255)
        if self.mean is None or self.std is None:
            return images
        channels = images.shape[1]
        if len(self.mean) != channels:
            raise MeasureError(
                f"the drawn images have {channels} channels, and the constants {len(self.mean)}"
            )
        mean, std = (torch.tensor(values, dtype=images.dtype) for values in (self.mean, self.std))
        return images.sub(mean[:, None, None]).div_(std[:, None, None])


def _samples(output: Any) -> Stack:
    """Return what a pipeline made: uint8 in 0-255 as it is, floats; 16 bits in [0, 1]."""
    if isinstance(output, Image.Image):
        image = expanded(output)
        return np.ascontiguousarray(np.moveaxis(np.atleast_3d(np.asarray(image)), -1, 0))
    planes = np.ascontiguousarray(planes_of(output))
    if planes.dtype == np.uint16:
        return (planes / np.float32(65535)).astype(np.float32)
    if planes.dtype == np.uint8:
        return planes
    if not np.issubdtype(planes.dtype, np.floating):
        raise UnmeasurableError(f"became {planes.dtype} samples, which have no known scale")
    if not np.isfinite(planes).all():
        raise UnmeasurableError("became NaN or infinite samples")
    return planes.astype(np.promote_types(planes.dtype, np.float32), copy=False)


class CachedChunk(list[Reference]):
    """A chunk of references whose drawn images are kept at a place; a slice of it has none."""

    def __init__(self, references: Sequence[Reference], place: CachePlace) -> None:
        super().__init__(references)
        self.place = place

    def __reduce__(self) -> tuple[type, tuple[list[Reference], CachePlace]]:
        return type(self), (list(self), self.place)


@dataclass(frozen=True)
class ImageCache:
    """The file, as a worker finds it; `limit` is the number of bytes that it may hold."""

    path: str
    identity: tuple[int, int]
    limit: int

    def put(self, stacks: Sequence[Stack]) -> CachePlace | None:
        """Keep stacks; None if they cannot be kept, or not all of them."""
        data: list[Any] = [np.ascontiguousarray(stack) for stack in stacks]
        size = sum(each.nbytes for each in data)
        with suppress(OSError), self._open() as file:
            if not size or os.fstat(file).st_size + size > self.limit:
                return None
            if os.writev(file, data) != size:
                return None
            offset = os.lseek(file, 0, os.SEEK_CUR) - size
            return CachePlace(offset, tuple((each.shape, each.dtype.str) for each in data))
        return None

    def get(self, place: CachePlace) -> list[Stack] | None:
        """Return stacks that were kept; None if they cannot be read here."""
        stacks = []
        with suppress(OSError), self._open() as file:
            offset = place.offset
            for shape, dtype in place.stacks:
                stack: Any = np.empty(shape, dtype)
                if os.preadv(file, [stack], offset) != stack.nbytes:
                    return None
                offset += stack.nbytes
                stacks.append(stack)
            return stacks
        return None

    @contextmanager
    def _open(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        try:
            status = os.fstat(file)
            if (status.st_dev, status.st_ino) != self.identity:  # of another machine's process
                raise OSError("this is another file")
            yield file
        finally:
            os.close(file)


@contextmanager
def open_image_cache(limit: int) -> Iterator[ImageCache | None]:
    """Open a cache of so many bytes; None where there can be none."""
    if not limit or not hasattr(os, "memfd_create"):
        yield None
        return
    file = os.memfd_create("bnstat")
    try:
        status = os.fstat(file)
        path = f"/proc/{os.getpid()}/fd/{file}"
        yield ImageCache(path, (status.st_dev, status.st_ino), limit)
    finally:
        os.close(file)
