"""Objects of the user's as locations: datasets, loaders, arrays, and whatever gives images."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from bnstat.errors import SettingError, SourceError
from bnstat.result import Dataset, Shards, Stats
from bnstat.settings import MeasureSettings
from bnstat.sources.arrays import ArrayItems, ArraySource, in_planes
from bnstat.sources.datasets import DatasetSource, classes_of, dataset_text, is_map_style, torch_is
from bnstat.sources.items import Choice, ItemReader, as_array, described
from bnstat.sources.sampling import Sampling, ShardKeys
from bnstat.sources.sources import Sources
from bnstat.sources.streams import Rest, StreamSource, origin
from bnstat.user_code import call_object, find_object

ObjectSource: TypeAlias = DatasetSource | ArraySource | StreamSource


class ObjectLocation(str):
    """An object as a location; its text is what documents call it.

    given: the object; name: package.module:attribute, where it was named so.
    """

    given: Any
    name: str | None

    @classmethod
    def of(cls, given: Any, name: str | None = None) -> ObjectLocation:
        """Return an object as a location."""
        text = dataset_text(origin(given))
        location = cls(f"dataset: {text if name is None else name}")
        location.given, location.name = given, name
        return location

    @classmethod
    def named(cls, where: str) -> ObjectLocation:
        """Return the object at package.module:attribute, or what a function there returns.

        Raises
        ------
        SpecError
            If importing or calling it fails.
        """
        found = find_object(where)
        if inspect.isroutine(found) or inspect.isclass(found):
            found = call_object(found, where)
        return cls.of(found, where)


def is_name(value: object) -> bool:
    """Whether a value names a source: a path, or a result."""
    return isinstance(value, str | os.PathLike | Stats)


def members_of(source: Any) -> list[Any]:
    """Return the sources that one is: itself, those of an iterable of names, or an object's.

    Raises
    ------
    TypeError
        If it is nothing of the kind.
    SourceError
        If it is an iterator at its end.
    """
    if is_name(source):
        return [source]
    if isinstance(source, Iterator):
        first = list(islice(source, 1))
        if not first:
            raise SourceError(f"{type(source).__name__} gives nothing")
        if all(map(is_name, first)):
            return [*first, *source]
        return [ObjectLocation.of(Rest(first[0], source))]
    container = isinstance(source, list | tuple | set | frozenset)
    if container and source and all(map(is_name, source)):
        return list(source)
    if isinstance(source, Mapping):
        raise TypeError(f"a source is {described(source)}; name one of its datasets")
    if not (isinstance(source, Iterable) or hasattr(source, "__getitem__")):
        raise TypeError(
            f"a source is {described(source)}, neither a path nor a dataset, a DataLoader, an "
            "array or another iterable of images"
        )
    return [ObjectLocation.of(source)]


def open_object(
    location: ObjectLocation,
    settings: MeasureSettings,
    sampling: Sampling | None,
    shards: Shards | None,
) -> Sources:
    """Return the images that an object gives.

    Raises
    ------
    SourceError
        If it gives none, or not those that a setting asks for.
    SettingError
        If a setting makes no sense of it.
    """
    given = location.given
    if settings["masks"] is not None:
        raise SettingError("masks are files beside files; of a dataset, select pixels in its items")
    if is_array(given):
        source: ObjectSource = _array(given, settings)
    elif is_map_style(given) and not settings["batched"]:
        reader = _reader(given, settings)
        workers = settings["workers"] != 1 or bool(settings["timeout"])
        chance = settings["seed"], settings["random"]
        source = DatasetSource(given, reader, *chance, for_workers=workers)
    else:
        source, sampling = _stream(given, settings, sampling, shards), None
    found = Sources([source], [location], keys=ShardKeys(shards), sampling=sampling)
    found.dataset = _described(location, source)
    return found


def is_array(value: Any) -> bool:
    """Whether a value is one array or tensor."""
    return isinstance(value, np.ndarray) or hasattr(value, "detach")


def _array(given: Any, settings: MeasureSettings) -> ArraySource:
    name = "the tensor" if hasattr(given, "detach") else "the array"
    if any(_in_item(settings, name) is not None for name in ("by", "cluster")):
        raise SettingError("images of an array have no labels; give a dataset of images and labels")
    return ArraySource(ArrayItems(in_planes(as_array(given), settings["layout"], name)))


def _reader(given: Any, settings: MeasureSettings) -> ItemReader:
    group, cluster = (_in_item(settings, name) for name in ("by", "cluster"))
    classes = None if group is None or callable(group) else classes_of(given, group)
    return ItemReader(settings["image"], group, classes, cluster)


def _in_item(settings: MeasureSettings, name: str) -> Choice | None:
    """Return where an item tells its group or cluster; None where a file does, or nothing.

    Raises
    ------
    SettingError
        If it should be told from the names of files.
    """
    value: Any = settings.get(name)
    if isinstance(value, str) and (value == "folder" or value.startswith("re:")):
        raise SettingError(
            f"{name} {value} is of files; of a dataset it is a place, a key or a function"
        )
    return None if isinstance(value, str) and value.lower().endswith(".csv") else value


def _stream(
    given: Any, settings: MeasureSettings, sampling: Sampling | None, shards: Shards | None
) -> StreamSource:
    """Return what an iterable gives.

    Raises
    ------
    SettingError
        If a part of it is asked for that is not its first items.
    """
    if settings["until"] is not None or (sampling is not None and sampling.size is None):
        raise SettingError("until chooses among all items; of an iterable take the first: sample=N")
    if shards is not None:
        raise SettingError("an iterable cannot be measured in shards; give each its own items")
    if settings["timeout"]:
        raise SettingError("timeout ends workers, and an iterable is measured in this process")
    first = None if sampling is None or sampling.size is None else sampling.size.images
    if sampling is not None and first is None:
        raise SettingError("of an iterable a percentage is not known; take the first: sample=N")
    loads = torch_is(given, "DataLoader")
    batched = settings["batched"]
    if batched is None:
        batched = loads and (given.batch_size is not None or _batch_sampler(given) is not None)
    return StreamSource(
        given,
        _reader(getattr(given, "dataset", given) if loads else given, settings),
        settings["seed"],
        batched=batched,
        random=settings["random"],
        passes=settings["epochs"],
        first=first,
    )


def _batch_sampler(loader: Any) -> Any:
    return getattr(loader, "batch_sampler", None)


def _described(location: ObjectLocation, source: ObjectSource) -> Dataset:
    kind = type(origin(location.given))
    return Dataset(
        name=location.name,
        type=f"{kind.__module__}.{kind.__qualname__}",
        length=source.count(),
        random=source.random,
    )
