"""Iterables as sources: items or batches that come one after the other, to this process.

A `DataLoader` keeps its own workers; what it gives is taken as training takes it. An item is known
by the number of its draw.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bnstat.errors import MeasureError, SettingError, SourceError
from bnstat.sources.bounds import UnreadableError
from bnstat.sources.datasets import DatasetSource, is_map_style, torch_is
from bnstat.sources.items import Item, ItemReader, Items, ItemSource, Membership, Stack, as_array
from bnstat.sources.reference import Reference
from bnstat.sources.source import Index
from bnstat.user_code import draw_number, generators_kept, seed_generators, stdout_on_stderr

# So many are measured of what does not say how many it has, and may have no end.
MAX_ITEMS = 1_000_000
_ENDLESS = (itertools.count, itertools.cycle, itertools.repeat)


class Rest(Iterator[Any]):
    """An iterator of which the first item was looked at; `of` is that iterator."""

    def __init__(self, first: Any, of: Iterator[Any]) -> None:
        self._items = itertools.chain([first], of)
        self.of = of

    def __next__(self) -> Any:
        """Return the next item, the first one again."""
        return next(self._items)


def origin(given: Any) -> Any:
    """Return what was given, whether or not its first item was looked at."""
    return given.of if isinstance(given, Rest) else given


@dataclass(frozen=True)
class _HeldItem(Items):
    """An item that was drawn already; last: its key, where it ends a chunk."""

    held: Item
    bytes_held: int
    last: bytes = b""

    def item(self, reference: Reference, epoch: int) -> Item:
        return self.held


@dataclass(frozen=True)
class _HeldBatch(Items):
    """A batch that was drawn already: images (N, C, H, W), of which the first has a number.

    last: the key of its last image, which ends a chunk, as the next batch may come in its memory.
    """

    images: NDArray[Any] = field(repr=False)
    memberships: Sequence[Membership]
    first: int
    last: bytes
    bytes_held: int

    def item(self, reference: Reference, epoch: int) -> Item:
        row = int(reference.key) - self.first
        member = self.memberships[row] if self.memberships else None
        return Item(np.moveaxis(self.images[row], 0, -1), member)

    def stack(self, chunk: Sequence[Reference]) -> Stack | None:
        start = int(chunk[0].key) - self.first
        rows = slice(start, start + len(chunk))
        return Stack(self.images[rows], self.memberships[rows])


class StreamSource(ItemSource):
    """What an iterable gives, in its own order; with `first`, so many items of it.

    One that does not end is cut: `first` says it once its items have come.
    """

    prefix = b""

    def __init__(
        self,
        given: Any,
        reader: ItemReader,
        seed: int,
        *,
        batched: bool,
        random: bool | None,
        passes: int = 1,
        first: int | None = None,
    ) -> None:
        if isinstance(origin(given), _ENDLESS) and first is None:
            raise SourceError(f"{_name(given)} has no end; measure its first N items: sample=N")
        self._given, self._reader, self._seed = given, reader, seed
        self._batched, self.first = batched, first
        self.random = is_random(given, seed) if random is None else random
        self._passes = passes if self.random else 1
        self.several_passes = self._passes > 1
        self._begun = False
        if self.several_passes and isinstance(given, Iterator):
            raise SettingError(f"{_name(given)} can be iterated once; epochs of it must be 1")

    def count(self) -> int | None:
        """Return the number of items, if the iterable says it."""
        try:
            images = len(getattr(self._given, "sampler", self._given))
        except TypeError:
            return self.first
        if self._batched and not hasattr(self._given, "sampler"):
            return self.first
        images *= self._passes
        return images if self.first is None else min(images, self.first)

    def index(self) -> Index:
        """Raise: no item is known before it comes."""
        raise ValueError("an iterable has no index")

    def __iter__(self) -> Iterator[Reference]:
        if self._begun and isinstance(self._given, Iterator):
            raise MeasureError(
                f"{_name(self._given)} can be iterated once, and its images are needed again; pass "
                "a dataset, a DataLoader or a list"
            )
        self._begun = True
        draws, most = self._draws(), self.first or max(MAX_ITEMS, self.count() or 0)
        yield from islice(draws, most)
        if self.first is None and next(draws, None) is not None:
            self.first = most

    def _draws(self) -> Iterator[Reference]:
        number = 0
        for epoch in range(self._passes):
            for given in self._pass(epoch):
                for reference in self._references(given, number):
                    yield reference
                    number += 1

    def _pass(self, epoch: int) -> Iterator[Any]:
        """Yield what the iterable gives, drawn with generators of the run's own seed."""
        number, kind = 0, "batches" if self._batched else "items"
        with generators_kept():
            seed_generators(draw_number(b"pass", self._seed, epoch, b""))
            rest = iter(self._given)
            while True:
                try:
                    with stdout_on_stderr():
                        given = next(rest)
                except StopIteration:
                    return
                except Exception as error:  # of any kind: the user's own code runs
                    raise MeasureError(
                        f"{_name(self._given)} raised after {number:,} {kind}: "
                        f"{type(error).__name__}: {error}"
                    ) from error
                yield given
                number += 1

    def _references(self, given: Any, number: int) -> Iterator[Reference]:
        try:
            if not self._batched:
                item = self._reader.read(given)
                yield _held(number, item)
                return
            images, memberships = self._reader.read_batch(given)
        except UnreadableError as error:
            kind = "a batch" if self._batched else "an item"
            raise SourceError(
                f"{kind} of {_name(self._given)} {error}; name it: image=KEY, or a function"
            ) from error
        if isinstance(images, list | tuple):
            for row, image in enumerate(images):
                member = memberships[row] if memberships else None
                yield _held(number + row, Item(image, member))
            return
        stack = as_array(batch_in_planes(images))
        last, size = _key(number + len(stack) - 1), stack[0].nbytes
        content = _HeldBatch(stack, memberships, number, last, size)
        for row in range(len(stack)):
            yield Reference(_key(number + row), b"", size, 0, content=content)


def batch_in_planes(images: Any) -> Any:
    """Return a batch in the shape (N, C, H, W): a tensor is, an array is (N, H, W, C)."""
    if images.ndim == 3:
        return images[:, None]
    return images if hasattr(images, "detach") else np.moveaxis(np.asarray(images), -1, 1)


def _held(number: int, item: Item) -> Reference:
    """Return the reference to an item, copied, as the next one may come in its memory.

    A PIL image may not have been decoded yet: it is not copied, but measured before the next.
    """
    own, last = item.image, b""
    if isinstance(own, Image.Image):
        size, last = own.width * own.height * len(own.getbands()), _key(number)
    else:
        own = own.detach().cpu().clone() if hasattr(own, "detach") else np.array(own)
        size = own.nbytes
    content = _HeldItem(Item(own, item.membership), size, last)
    return Reference(_key(number), b"", size, 0, content=content)


def is_random(given: Any, seed: int) -> bool:
    """Whether an iterable gives other items each time, as far as it can be seen.

    Of a DataLoader that is so unless its dataset gives the same items, its sampler takes each of
    them once, and its collate function is torch's own.
    """
    if not torch_is(given, "DataLoader"):
        return False
    samplers = ("RandomSampler", "SequentialSampler")
    once = any(torch_is(given.sampler, name) for name in samplers)
    once = once and not getattr(given.sampler, "replacement", False)
    own = str(getattr(given.collate_fn, "__module__", "")).startswith("torch.utils.data.")
    lost = given.drop_last and not torch_is(given.sampler, "SequentialSampler")
    if not once or not own or lost or not is_map_style(given.dataset):
        return True
    try:
        return DatasetSource(given.dataset, ItemReader(), seed, None).random
    except SourceError:  # what is no image may be one of a batch
        return True


def _name(given: Any) -> str:
    return type(origin(given)).__name__


def _key(number: int) -> bytes:
    return b"%012d" % number
