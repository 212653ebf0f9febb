"""Datasets as sources: objects of the user's that give an item for each index.

A map-style dataset goes to each worker once, as a pickle that all of them read from one file of
this process's; references are indices. It is measured in this process where that is not possible,
or not worth it, as of images that are in memory already.
"""

from __future__ import annotations

import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from io import BytesIO
from typing import IO, Any, cast

from PIL import Image

from bnstat.errors import SourceError
from bnstat.sources.bounds import UnreadableError
from bnstat.sources.items import Item, ItemReader, Items, ItemSource, as_array, open_shared
from bnstat.sources.reference import Reference
from bnstat.sources.source import NamedFiles
from bnstat.user_code import (
    MAIN_MODULES,
    caller_undisturbed,
    draw_number,
    generator_states,
    seed_generators,
)

# So many of the first items are drawn twice, to see whether they are drawn at random.
_TRIED = 2
_CHUNK = 32


@lru_cache(maxsize=1)
def _loaded(path: str, identity: tuple[int, int]) -> Any:
    """Return the dataset whose pickle is in an open file of the main process."""
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if (status.st_dev, status.st_ino) != identity:  # of another machine's process
            raise UnreadableError("is of a dataset that is on another machine")
        return pickle.load(file)


@dataclass(frozen=True)
class DatasetItems(Items):
    """Gives the items of a map-style dataset by index.

    torch's, numpy's and Python's generators are seeded for each item by run seed, epoch and index,
    so that it does not depend on workers what is drawn.
    """

    dataset: Callable[[], Any] = field(repr=False)
    reader: ItemReader
    seed: int
    random: bool
    images_in_chunk = _CHUNK  # their sizes are not known before they are drawn

    def seed_for(self, reference: Reference, epoch: int) -> None:
        seed_generators(draw_number(b"item", self.seed, epoch, reference.key))

    def item(self, reference: Reference, epoch: int) -> Item:
        self.seed_for(reference, epoch)
        return self.reader.read(self.dataset()[int(reference.key)])


def _itself(dataset: Any) -> Any:
    return dataset


class DatasetSource(ItemSource):
    prefix = b""

    def __init__(
        self,
        dataset: Any,
        reader: ItemReader,
        seed: int,
        random: bool | None,
        *,
        for_workers: bool = False,
    ) -> None:
        self._dataset = dataset
        self._length = _checked_length(dataset)
        items = DatasetItems(partial(_itself, dataset), reader, seed, bool(random))
        self._items, self._file = items, cast(IO[bytes] | None, None)
        if for_workers:  # now, as an item that is drawn may leave an open file in the dataset
            self.send(costly=False)
        self.random = self._try(items, random)
        self._items = replace(self._items, random=self.random)

    def send(self, *, costly: bool) -> bool:
        """Put the dataset where workers find it, unless it is a list, and that is not `costly`."""
        if self._file is not None:
            return True
        if self.problem or (isinstance(self._dataset, list | tuple) and not costly):
            return False
        file, path = open_shared(self)
        try:
            _Pickler(file, 5).dump(self._dataset)
            _Pickler(BytesIO(), 5).dump(self._items.reader)
            file.flush()
        except Exception as error:  # of any kind: the user's own code runs
            file.close()
            self.problem = re.sub(r" at 0x\w+", "", str(error)) or type(error).__name__
            return False
        status = os.fstat(file.fileno())
        again = partial(_loaded, path, (status.st_dev, status.st_ino))
        self._file, self._items = file, replace(self._items, dataset=again)
        return True

    def count(self) -> int:
        return self._length

    def index(self) -> NamedFiles:
        keys = [_key(index) for index in range(self._length)]
        return NamedFiles(keys, self._reference)

    def __iter__(self) -> Iterator[Reference]:
        return map(self._reference, range(self._length))

    def _reference(self, index: int) -> Reference:
        path = path_of(self._dataset, index)
        return Reference(_key(index), path, 0, 0, content=self._items)

    def _try(self, items: DatasetItems, random: bool | None) -> bool:
        """Draw the first items, in which there must be images; return whether they are random."""
        with caller_undisturbed():
            for index in range(min(self._length, _TRIED)):
                reference = Reference(_key(index), b"", 0, 0)
                try:
                    image = items.item(reference, 0).image
                except UnreadableError as error:
                    name = type(self._dataset).__name__
                    raise SourceError(
                        f"the first item of {name} {error}; name it: image=KEY, or a function"
                    ) from error
                except Exception:  # it will be a failure
                    continue
                if random is not None:
                    return random
                drawn = generator_states()
                items.seed_for(reference, 0)
                moved = drawn != generator_states()
                if moved or not _equal(image, items.item(reference, 1).image):
                    return True
        return bool(random)


def _checked_length(dataset: Any) -> int:
    """Return how many items a dataset has; raise SourceError if there is none."""
    name = type(dataset).__name__
    try:
        length = len(dataset)
    except Exception as error:  # of any kind: the user's own code runs
        raise SourceError(f"{name} has no length: {type(error).__name__}: {error}") from error
    if length == 0:
        raise SourceError(f"{name} has no items")
    return length


def path_of(dataset: Any, index: int) -> bytes:
    """Return the path that a dataset has for an item; b"" where it has none.

    It is that of torchvision's `samples` or `imgs`; also through torch's Subset and ConcatDataset.
    """
    inner, indices = getattr(dataset, "dataset", None), getattr(dataset, "indices", None)
    ends = getattr(dataset, "cumulative_sizes", None)
    try:
        if inner is not None and indices is not None:
            return path_of(inner, indices[index])
        if ends is not None:
            which = next(i for i, end in enumerate(ends) if index < end)
            return path_of(dataset.datasets[which], index - ([0, *ends][which]))
        named = getattr(dataset, "samples", None) or getattr(dataset, "imgs", None)
        found = named[index] if isinstance(named, list | tuple) else None
        first = found[0] if isinstance(found, tuple | list) else found
        return os.fsencode(first) if isinstance(first, str | os.PathLike) else b""
    except Exception:  # these attributes are something else
        return b""


def classes_of(dataset: Any, label: Any) -> tuple[str, ...] | None:
    """Return the names of classes that a dataset has: torchvision's, or Hugging Face's."""
    features = getattr(dataset, "features", None)
    if isinstance(features, dict) and label in features:
        names = getattr(features[label], "names", None)
    else:
        names = getattr(dataset, "classes", None)
    if isinstance(names, list | tuple) and names:
        return tuple(map(str, names))
    inner = getattr(dataset, "dataset", None) or next(iter(getattr(dataset, "datasets", ())), None)
    return None if inner is None else classes_of(inner, label)


def _key(index: int) -> bytes:
    return b"%09d" % index


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Image.Image) and isinstance(other, Image.Image):
        return one.size == other.size and one.tobytes() == other.tobytes()
    first, second = as_array(one), as_array(other)
    return first.shape == second.shape and first.tobytes() == second.tobytes()


class _Pickler(pickle.Pickler):
    """Refuses what a worker could not load, as it has no `__main__` of the caller's."""

    def reducer_override(self, value: Any) -> Any:
        if getattr(value, "__module__", None) in MAIN_MODULES and hasattr(value, "__qualname__"):
            raise pickle.PicklingError(f"{value.__qualname__} is defined in __main__")
        return NotImplemented


def torch_is(value: Any, name: str) -> bool:
    """Whether a value is of a class of torch.utils.data, which is loaded where there is one."""
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(value, getattr(data, name))


def is_map_style(value: Any) -> bool:
    if isinstance(value, dict | str | bytes) or torch_is(value, "IterableDataset"):
        return False
    return hasattr(value, "__getitem__") and hasattr(value, "__len__")


def dataset_text(value: Any) -> str:
    """Return what a dataset that has no name is called: its type and length, or its shape."""
    name = type(value).__name__
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{name} of shape {'×'.join(map(str, value.shape))}"
    if torch_is(value, "DataLoader"):
        return f"{name} of {dataset_text(value.dataset)}"
    try:
        return f"{name} of {len(value):,} items"
    except Exception:  # of any kind: the user's own code runs
        return name
