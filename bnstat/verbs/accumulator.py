"""Figures of the batches of a loop of one's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from bnstat.errors import MeasureError
from bnstat.estimators import Schedule
from bnstat.measure.count_batches import count_batch, count_stack
from bnstat.measure.count_images import count_output, planes_of
from bnstat.measure.figures import groups, stats_of_batches
from bnstat.measure.groups import ItemNames
from bnstat.moments import ChunkCounts, ChunkMoments, Kind, MomentsTable, Records
from bnstat.result import Dataset, Source, Stats
from bnstat.settings import Settings, complete
from bnstat.sources.items import Choice, ItemReader, as_array
from bnstat.sources.streams import batch_in_planes
from bnstat.text import key_text, pluralize

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup


B = TypeVar("B")


class Accumulator:
    """Mean and std of the batches that a loop of one's own sees: exact, and the ways side by side.

    It has the methods of a metric of torcheval or torchmetrics. It keeps the moments of each image,
    72 bytes for three channels, and no pixel.

    Parameters
    ----------
    momentum
        Weight of a new batch in the running average of `batchnorm`; None is the plain average.
    confidence
        Of margins, in percent.

    Examples
    --------
    >>> import numpy as np
    >>> accumulator = Accumulator()
    >>> for batch in np.split(np.arange(48, dtype=np.uint8).reshape(4, 3, 2, 2), 2):
    ...     _ = accumulator.update(batch)
    >>> accumulator.compute().sum
    (312, 376, 440)
    """

    def __init__(self, *, momentum: float | None = 0.1, confidence: float = 95.0) -> None:
        self.momentum = momentum
        self._settings = complete(Settings, {"momentum": momentum, "confidence": confidence})
        self.reset()

    def reset(self) -> Self:
        """Forget all batches."""
        self._records = Records()
        self._sizes: list[int] = []
        self._names: dict[bytes, str] = {}
        self._merged = self._of_features = False
        return self

    def update(self, batch: Any, groups: Iterable[Any] | None = None, mask: Any = None) -> Self:
        """Add a batch.

        Parameters
        ----------
        batch
            A tensor on any device, or an array, of shape (N, C, H, W); one image (C, H, W); or
            features (N, C). uint8 and uint16 stay exact; floats are summed in float64.
        groups
            A name or number for each image, for figures by group.
        mask
            Which pixels count: bool of shape (N, H, W), or (N, 1 or C, H, W).

        Raises
        ------
        ValueError
            If it has another shape, dtype or number of channels, or a sample is NaN or infinite;
            nothing is added then.
        """
        features = getattr(batch, "ndim", 0) == 2
        images = _as_images(batch)
        self._check_alike(images.shape[1], features)
        names = [] if groups is None else list(map(_name, groups))
        if names and len(names) != len(images):
            raise ValueError(f"the batch has {len(images)} images, and groups {len(names)} names")
        moments = _counted(images, mask)
        number = len(self._records)
        size = 1 if features else len(images)
        keys = [_key(number + row) for row in range(size)]
        for counted in moments:
            self._records.extend(keys, counted)
        self._records.selected = self._records.selected or mask is not None
        self._names |= dict(zip(keys, names, strict=False))
        self._sizes.append(size)
        self._of_features = features
        return self

    def _check_alike(self, channels: int, features: bool) -> None:
        """Refuse what does not go with the batches before."""
        if not len(self._records):
            return
        if features != self._of_features:
            raise ValueError("features and images do not go into one accumulator")
        before = len(self._records.channels)
        if channels != before:
            now = pluralize(channels, "channel")
            raise ValueError(
                f"{now}, where the batches before have {before}; use an accumulator for each"
            )

    def watch(self, loader: Iterable[B], image: Choice | None = None) -> Iterator[B]:
        """Yield the batches of a loader as they are, and add the images of each.

        `image` is the key or place of the images in a batch, or a function that returns them; None
        is the first that can be some.
        """
        reader = ItemReader(image)
        for batch in loader:
            self._add_images(reader.read_batch(batch)[0])
            yield batch

    def _add_images(self, images: Any) -> None:
        """Add the images of a batch; those of a list may differ in size, and are batches of one."""
        if not isinstance(images, list | tuple):
            self.update(batch_in_planes(images))
            return
        for image in images:
            planes = image if hasattr(image, "detach") else planes_of(np.asarray(image))
            self.update(planes)

    def compute(self) -> Stats:
        """Return the result of all batches so far.

        `batchnorm` is what a layer would hold that has seen them in this order. Of features, the
        rows of a batch are one unit: nothing is known of how they vary.

        Raises
        ------
        MeasureError
            If there was no batch yet.
        """
        if not len(self._records):
            raise MeasureError("no batch was added yet")
        stats = stats_of_batches(self._records, self._schedule, self._source, self._settings)
        if self._of_features:
            stats = replace(stats, uncertainty=None, conventions={})
        if self._names:
            stats = replace(stats, groups=groups(self._records, ItemNames(self._names)))
        return stats

    @property
    def _schedule(self) -> Schedule | None:
        if self._merged:
            return None
        return Schedule(max(self._sizes), self.momentum, "listed", sizes=tuple(self._sizes))

    @property
    def _source(self) -> Source:
        number = len(self._records)
        return Source(
            locations=(f"dataset: Accumulator of {pluralize(number, 'image')}",),
            cwd=key_text(os.getcwdb()),
            images=number,
            skipped=0,
            duplicates=0,
            deeper_than_8_bits=0,
            failures=(),
            fingerprint=f"{0:064x}",
            dataset=Dataset(None, "bnstat.Accumulator", number, False),
        )

    def merge_state(self, others: Iterable[Self]) -> Self:
        """Add what other accumulators have seen; they stay as they are.

        Raises
        ------
        ValueError
            If one has another number of channels, or features where others have images; what came
            before it is added.
        """
        for other in others:
            if len(other._records):
                self._check_alike(len(other._records.channels), other._of_features)
            start = len(self._records)
            self._of_features = self._of_features or other._of_features
            for keys, moments in other._records.chunks():
                self._records.extend([_key(start + int(key)) for key in keys], moments)
            self._records.selected = self._records.selected or other._records.selected
            self._names |= {_key(start + int(key)): n for key, n in other._names.items()}
            self._sizes += other._sizes
            self._merged = self._merged or (start > 0 and bool(other._sizes)) or other._merged
        return self

    def sync(self, group: ProcessGroup | None = None) -> Self:
        """Give every rank of an initialized torch.distributed group what all of them have seen."""
        import torch.distributed as dist

        every: list[Any] = [None] * dist.get_world_size(group)
        dist.all_gather_object(every, self, group=group)
        return self.reset().merge_state(every)

    def state_dict(self) -> dict[str, Any]:
        """Return all that was seen, as tensors and plain values that torch.save keeps."""
        import torch

        records = []
        for keys, moments in self._records.chunks():
            table = moments.table
            arrays = [np.array(list(map(int, keys))), table.n, table.sum_or_mean, table.sumsq_or_m2]
            optional = (moments.histogram, moments.excluded_count, table.ends)
            arrays += [array for array in optional if array is not None]
            records.append(
                {
                    "kind": [moments.kind.mode, list(moments.kind.channels), moments.kind.scale],
                    "has": [array is not None for array in optional],
                    "tensors": [torch.from_numpy(np.array(array)) for array in arrays],
                }
            )
        return {
            "records": records,
            "sizes": list(self._sizes),
            "names": {int(key): name for key, name in self._names.items()},
            "flags": [self._merged, self._of_features, self._records.selected],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned, instead of what was seen."""
        self.reset()
        for saved in state["records"]:
            mode, channels, scale = saved["kind"]
            numbers, n, first, second, *rest = (tensor.numpy() for tensor in saved["tensors"])
            histogram, excluded, ends = (rest.pop(0) if has else None for has in saved["has"])
            table, rows = MomentsTable(scale, n, first, second, ends), list(range(len(numbers)))
            kind = Kind(mode, tuple(channels), scale)
            moments = ChunkMoments(kind, rows, table, histogram, excluded_count=excluded)
            self._records.extend([_key(number) for number in numbers.tolist()], moments)
        self._sizes = list(state["sizes"])
        self._names = {_key(number): name for number, name in state["names"].items()}
        self._merged, self._of_features, self._records.selected = state["flags"]


def _as_images(batch: Any) -> Any:
    """Return a batch in the shape (N, C, H, W): the rows of features are the pixels of one image.

    Raises ValueError if it has another shape.
    """
    shape = tuple(getattr(batch, "shape", ()))
    if 0 in shape or len(shape) not in (2, 3, 4):
        raise ValueError(
            f"a batch is (N, C, H, W), (C, H, W) or (N, C), and this is {shape or type(batch)}"
        )
    if len(shape) == 2:
        return batch.T[None, :, :, None]
    return batch[None] if len(shape) == 3 else batch


def _counted(images: Any, mask: Any) -> Sequence[ChunkMoments]:
    if mask is not None:
        moments, failures = _masked(as_array(images), as_array(mask))
    elif hasattr(images, "detach"):
        moments, failures = count_batch(images)
    else:
        moments, failures = count_stack(np.asarray(images), max_channels=images.shape[1])
    for row, reason in failures[:1]:
        raise ValueError(f"image {row} of the batch {reason}")
    return moments


def _masked(
    images: NDArray[Any], mask: NDArray[Any]
) -> tuple[list[ChunkMoments], list[tuple[int, str]]]:
    """Return the moments of the samples that a mask selects."""
    planes = mask[:, None] if mask.ndim == 3 else mask
    fits = planes.ndim == 4 and planes.shape[1] in (1, images.shape[1])
    if not fits or (planes.shape[0], *planes.shape[2:]) != (len(images), *images.shape[2:]):
        raise ValueError(f"a mask of shape {mask.shape} does not fit a batch of {images.shape}")
    counts = ChunkCounts()
    for row, (image, plane) in enumerate(zip(images, planes.astype(bool), strict=True)):
        try:
            count_output(counts, row, np.moveaxis(image, 0, -1), plane)
        except Exception as error:
            return [], [(row, str(error))]
    return list(counts.moments()), []


def _key(number: int) -> bytes:
    return b"%012d" % number


def _name(label: Any) -> str:
    return str(label.item() if hasattr(label, "item") else label)
