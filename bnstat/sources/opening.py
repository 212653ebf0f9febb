"""The sources of a run, as settings, objects of the user's and results name them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from bnstat.errors import SettingError, SourceError
from bnstat.result import Dataset, Shards, Stats
from bnstat.settings import MeasureSettings
from bnstat.settings.samples import SampleSize, check_until
from bnstat.sources.arrays import ArrayItems, ArraySource, in_planes
from bnstat.sources.bounds import Limits
from bnstat.sources.datasets import DatasetSource, classes_of, dataset_text, is_map_style, torch_is
from bnstat.sources.items import Choice, ItemReader, as_array, described
from bnstat.sources.listing import Listing
from bnstat.sources.locations import Opening
from bnstat.sources.patterns import Globs, MaskFiles, MaskPattern
from bnstat.sources.source import ALL_KEYS, Sampling, ShardKeys
from bnstat.sources.sources import Sources
from bnstat.sources.streams import Rest, StreamSource, origin
from bnstat.text import lacks_credentials
from bnstat.user_code import call_object, find_object

Location: TypeAlias = str | os.PathLike[str]


def limits_of(settings: MeasureSettings) -> Limits:
    names = ("max_pixels", "max_bytes", "network_timeout")
    most: dict[str, Any] = {name: settings[name] for name in names}  # type: ignore[literal-required]
    return Limits(**most, truncated=settings["truncated"] == "load")


def open_sources(
    sources: Sequence[Location],
    settings: MeasureSettings,
    files_from: Location | None = None,
    null: bool = False,
    root: Location | None = None,
    cwd: str = "",
    shards: Shards | None = None,
) -> Sources:
    """Return the images of folders and files, or those that a list names; relative to `cwd`.

    `shards` are those to include; None is all.

    Raise SourceError if there is no such source, both sources and a list are given, or a URL is one
    of a result, which keeps no credentials.
    """
    objects = [source for source in sources if isinstance(source, ObjectLocation)]
    if objects:
        if len(sources) > 1 or files_from is not None:
            raise SourceError("a dataset is measured alone; torch's ConcatDataset joins several")
        return _open_object(objects[0], settings, _sampling(settings, shards), shards)
    try:  # workers start in the current folder, and results name it
        os.getcwd()
    except OSError as error:
        raise SourceError("the current folder was removed; change to one that exists") from error
    for location in (*sources, root, settings["masks"]):
        if location is not None and lacks_credentials(os.fspath(location)):
            raise SourceError(
                f"{location} had credentials, which results do not keep; type the URL again"
            )
    keys, limits = ShardKeys(shards), limits_of(settings)
    masks = _masks(settings, os.fsencode(cwd), limits)
    sampling = _sampling(settings, shards)
    globs = Globs(settings["include"] or (), settings["exclude"] or ())
    if files_from is None:
        for name in ("files_column", "where"):
            if settings.get(name) is not None:
                raise ValueError(f"{name} is of a list of names; give one, files_from")
        how = Opening(
            cwd=os.fsencode(cwd),
            keys=keys,
            limits=limits,
            follow_links=settings["follow_links"],
            globs=globs,
            column=settings["column"],
            array=settings["array"],
            layout=settings["layout"],
        )
        return Sources.open([os.fspath(source) for source in sources], how, masks, sampling)
    if sources:
        raise SourceError("give sources or files_from, not both")
    if settings["column"] is not None:
        raise SourceError("--column is of Parquet files, and a list names images; leave it out")
    listing = Listing(
        os.fspath(files_from),
        null,
        None if root is None else os.fspath(root),
        cwd,
        ALL_KEYS if sampling else keys,
        limits,
        settings["files_column"],
        settings["where"] or (),
    )
    listing.check_names()
    return Sources.listed(listing, keys, masks, sampling, globs)


def _masks(settings: MeasureSettings, cwd: bytes, limits: Limits) -> MaskFiles | None:
    """Return what adds masks to images; raise ValueError if only values of masks are given."""
    if settings["masks"] is not None:
        pattern = MaskPattern(settings["masks"], settings["masks_missing"] == "all")
        return MaskFiles(pattern, cwd, limits)
    if settings["mask_values"] is not None or settings["mask_ignore"] is not None:
        raise ValueError("mask_values and mask_ignore are of masks; name their pattern, masks")
    return None


def _sampling(settings: MeasureSettings, shards: Shards | None) -> Sampling | None:
    sample, until, seed = settings["sample"], settings["until"], settings["seed"]
    check_until({"until": until, "sample": sample, "shard": shards})
    if sample is not None:
        return Sampling(str(sample), seed, SampleSize.read(str(sample)))
    return None if until is None else Sampling(f"until {until:g}", seed, None)


def sources_of(stats: Stats, settings: MeasureSettings) -> Sources:
    """Return the images that a result was made of.

    Raise SourceError if the result does not say where they are: it is of a list from standard
    input, or names what no file can be called.
    """
    if stats.source.dataset is not None:
        raise SourceError(_dataset_again(stats.source.dataset))
    listed = stats.source.files_from
    if listed is not None and not listed.again:
        raise SourceError(
            "the images of this result came as a list on standard input, which cannot be read "
            "again, or as several lists; name a SOURCE"
        )
    locations, cwd, shards = stats.source.locations, stats.source.cwd, stats.source.shards
    if not locations:
        raise SourceError("the result does not say where its images are; name a SOURCE")
    try:
        if listed is None:
            return open_sources(locations, settings, cwd=cwd, shards=shards)
        return open_sources([], settings, locations[0], listed.null, listed.root, cwd, shards)
    except ValueError as error:  # NUL, or half of a surrogate pair
        raise SourceError(f"the result names what no file can be called: {error}") from error


def _dataset_again(dataset: Dataset) -> str:
    came, name = "the images of this result came from", dataset.name
    if name is None:
        return (
            f"{came} a {dataset.type}, an object that no document holds; pass it again in place of "
            "the result"
        )
    return (
        f"{came} {name}, which is code, and a document runs none; if you trust it, name it in "
        f"place of the result: --dataset {name}"
    )


class ObjectLocation(str):
    """An object as a location; its text is what documents call it.

    given: the object; name: package.module:attribute, where it was named so.
    """

    given: Any
    name: str | None

    @classmethod
    def of(cls, given: Any, name: str | None = None) -> ObjectLocation:
        text = dataset_text(origin(given))
        location = cls(f"dataset: {text if name is None else name}")
        location.given, location.name = given, name
        return location

    @classmethod
    def named(cls, where: str) -> ObjectLocation:
        """Return the object at package.module:attribute, or what a function there returns.

        Raise SpecError if importing or calling it fails.
        """
        found = find_object(where)
        if inspect.isroutine(found) or inspect.isclass(found):
            found = call_object(found, where)
        return cls.of(found, where)


def _is_name(value: object) -> bool:
    return isinstance(value, str | os.PathLike | Stats)


def members_of(source: Any) -> list[Any]:
    """Return the sources that one is: itself, those of an iterable of names, or an object's.

    Raise TypeError if it is nothing of the kind; SourceError if it is an iterator at its end.
    """
    if _is_name(source):
        return [source]
    if isinstance(source, Iterator):
        first = list(islice(source, 1))
        if not first:
            raise SourceError(f"{type(source).__name__} gives nothing")
        if all(map(_is_name, first)):
            return [*first, *source]
        return [ObjectLocation.of(Rest(first[0], source))]
    container = isinstance(source, list | tuple | set | frozenset)
    if container and source and all(map(_is_name, source)):
        return list(source)
    if isinstance(source, Mapping):
        raise TypeError(f"a source is {described(source)}; name one of its datasets")
    if not (isinstance(source, Iterable) or hasattr(source, "__getitem__")):
        raise TypeError(
            f"a source is {described(source)}, neither a path nor a dataset, a DataLoader, an "
            "array or another iterable of images"
        )
    return [ObjectLocation.of(source)]


def _open_object(
    location: ObjectLocation,
    settings: MeasureSettings,
    sampling: Sampling | None,
    shards: Shards | None,
) -> Sources:
    """Return the images that an object gives.

    Raise SourceError if it gives none, or not those that a setting asks for; SettingError if a
    setting makes no sense of it.
    """
    given = location.given
    if settings["masks"] is not None:
        raise SettingError("masks are files beside files; of a dataset, select pixels in its items")
    if isinstance(given, np.ndarray) or hasattr(given, "detach"):
        source: DatasetSource | ArraySource | StreamSource = _array(given, settings)
    elif is_map_style(given) and not settings["batched"]:
        reader = _reader(given, settings)
        workers = settings["workers"] != 1 or bool(settings["timeout"])
        chance = settings["seed"], settings["random"]
        source = DatasetSource(given, reader, *chance, for_workers=workers)
    else:
        source, sampling = _stream(given, settings, sampling, shards), None
    kind = type(origin(given))
    dataset = Dataset(
        name=location.name,
        type=f"{kind.__module__}.{kind.__qualname__}",
        length=source.count(),
        random=source.random,
    )
    keys = ShardKeys(shards)
    return Sources([source], [location], keys=keys, sampling=sampling, dataset=dataset)


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

    Raise SettingError if it should be told from the names of files.
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
    """Return what an iterable gives: all, or its first items; no other part can be asked for."""
    if settings["until"] is not None:
        raise SettingError("until chooses among all items; of an iterable take the first: sample=N")
    if shards is not None:
        raise SettingError("an iterable cannot be measured in shards; give each its own items")
    if settings["timeout"]:
        raise SettingError("timeout ends workers, and an iterable is measured in this process")
    first = sampling.size.images if sampling and sampling.size else None
    if sampling and first is None:
        raise SettingError("of an iterable a percentage is not known; take the first: sample=N")
    loads = torch_is(given, "DataLoader")
    batched = settings["batched"]
    if batched is None:
        batched = loads and (
            given.batch_size is not None or getattr(given, "batch_sampler", None) is not None
        )
    return StreamSource(
        given,
        _reader(getattr(given, "dataset", given) if loads else given, settings),
        settings["seed"],
        batched=batched,
        random=settings["random"],
        passes=settings["epochs"],
        first=first,
    )
