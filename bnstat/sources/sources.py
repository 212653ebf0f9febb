"""Several sources as one stream of images."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from bnstat.result import Dataset, Shards
from bnstat.sources.archive import Archive
from bnstat.sources.arrays import ArraySource
from bnstat.sources.bounds import DEFAULT_LIMITS, ReadLimits
from bnstat.sources.folder import Folder
from bnstat.sources.listing import Listing
from bnstat.sources.locations import Opening, sources_at
from bnstat.sources.patterns import EVERYTHING, Chosen, Globs, MaskFiles, MaskPattern
from bnstat.sources.reference import Reference
from bnstat.sources.source import (
    ALL_KEYS,
    Index,
    ItemSource,
    Population,
    Sampling,
    ShardKeys,
    Source,
    index_by_reading,
)
from bnstat.sources.urls import RemoteFolder
from bnstat.text import key_text


class Sources:
    """All images of a run, each key once.

    Folders and archives are read while iterating, so that work can start at once; the counts are
    complete at the end. Folders come in the order of the keys' bytes, an archive in its own.

    locations: as typed, without credentials; listing: the list that names the images, if one does;
    sampling: which sample of the images is measured, which are listed first then; None is all;
    globs: which images are measured, by their paths; duplicates: images left out because of an
    equal key before them; not_replaced: those of them that are of archives that are read as a
    stream, where the last should count; dataset: what gives the images, if a dataset does.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        locations: Sequence[str],
        listing: Listing | None = None,
        keys: ShardKeys = ALL_KEYS,
        masks: MaskFiles | None = None,
        sampling: Sampling | None = None,
        globs: Globs = EVERYTHING,
    ) -> None:
        self.globs = globs
        self.column: str | None = None
        self._sources = sources
        self.sampling = sampling
        self._masks = masks
        self._keys = keys
        self.locations = tuple(key_text(os.fsencode(location)) for location in locations)
        self.listing = listing
        self.duplicates = self.not_replaced = 0
        self._dataset: Dataset | None = None
        self._listed: list[Reference] | None = None

    @classmethod
    def open(
        cls,
        locations: Sequence[str],
        cwd: str = "",
        keys: ShardKeys = ALL_KEYS,
        limits: ReadLimits = DEFAULT_LIMITS,
        masks: MaskPattern | None = None,
        follow_links: bool = False,
        sampling: Sampling | None = None,
        globs: Globs = EVERYTHING,
        column: str | None = None,
        array: str | None = None,
        layout: str | None = None,
    ) -> Sources:
        """Return the sources at folders, files, archives, URLs or patterns.

        Keys begin with the location where there are several, or where a pattern was expanded.
        Locations other than URLs are relative to `cwd`. Only images with these `keys` are included.
        `masks` tells where the image is that selects the pixels of each. With `follow_links`,
        links to folders that contain the source are followed too. With `sampling`, of all images
        a sample is included; `globs` choose images by their paths; `column` is that of
        the images in Parquet files; `array` and `layout` are of files of arrays.

        Raise SourceError if a location does not exist.
        """
        examined = ALL_KEYS if sampling else keys  # a sample is one of the images of all shards
        named = globs, column, array, layout
        how = Opening(os.fsencode(cwd), examined, limits, follow_links, *named)
        files = MaskFiles(masks, how.cwd, limits) if masks else None
        found = sources_at(locations, how)
        opened = cls(found, locations, None, keys, files, sampling, globs)
        opened.column = column
        return opened

    @classmethod
    def listed(
        cls,
        listing: Listing,
        keys: ShardKeys = ALL_KEYS,
        masks: MaskPattern | None = None,
        sampling: Sampling | None = None,
        globs: Globs = EVERYTHING,
    ) -> Sources:
        files = MaskFiles(masks, os.fsencode(listing.cwd), listing.limits) if masks else None
        source = Chosen(listing, globs) if globs else listing
        return cls([source], [listing.location], listing, keys, files, sampling, globs)

    @property
    def dataset(self) -> Dataset | None:
        """What gives the images; how many of its items are measured is known at their end."""
        first = next((source.first for source in self._of_items), None)
        return self._dataset and replace(self._dataset, first=first)

    @dataset.setter
    def dataset(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @property
    def shards(self) -> Shards | None:
        """Which shards of a set these images are; None is all of it."""
        return self._keys.shards

    @property
    def takes_all(self) -> bool:
        """Whether no image of the sources is left out: by a sample, a shard, a glob or a split."""
        split = self.listing is not None and self.listing.where
        return not (self.sampling or self.shards or self.globs or split)

    @property
    def array(self) -> ArraySource | None:
        """The array in this process whose images are all that there are; None if it is not so."""
        whole = self.takes_all and not self._masks
        only = self._sources[0] if len(self._sources) == 1 and whole else None
        return only if isinstance(only, ArraySource) and only.is_here else None

    @property
    def random(self) -> bool:
        """Whether a dataset draws its items at random."""
        return any(source.random for source in self._of_items)

    @property
    def several_passes(self) -> bool:
        """Whether images are those of several passes over an iterable."""
        return any(source.several_passes for source in self._of_items)

    @property
    def _of_items(self) -> list[ItemSource]:
        return [source for source in self._sources if isinstance(source, ItemSource)]

    def send(self, *, costly: bool) -> bool:
        """Put the items of datasets where workers find them; return whether they can measure all.

        What is in memory is not worth sending, unless what is done to it is `costly`.
        """
        sent = [source.send(costly=costly) for source in self._of_items]
        if self._dataset is not None:
            problem = next((source.problem for source in self._of_items if source.problem), "")
            self._dataset = replace(self._dataset, here=problem)
        return all(sent)

    @property
    def ordered(self) -> bool:
        return all(source.ordered for source in self._sources)

    def count(self) -> int | None:
        """Count the images and duplicates without opening any; None if reading them is needed.

        The number of a sample is known once the images were listed.
        """
        if self.sampling is not None:
            return self._count_of_sample()
        if self._masks is not None:
            return None  # which files are masks shows while they are listed
        if self.shards is not None and not all(
            isinstance(s, Folder | Listing) for s in self._sources
        ):
            return None  # others do not know their keys before they are read
        counts = [source.count() for source in self._sources]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def skipped(self) -> int:
        """Files without an image extension; of all shards, only the first counts them."""
        if not self._keys.has_first:
            return 0
        return self._skipped if self.sampling else self._skipped_now()

    @property
    def _whole(self) -> list[Source]:
        """The sources, of which globs choose images."""
        return [s.source if isinstance(s, Chosen) else s for s in self._sources]

    @property
    def replaced(self) -> int:
        """Images of archives that stand there again later; of all shards, the first counts them."""
        archives = (source for source in self._whole if isinstance(source, Archive))
        return sum(archive.replaced for archive in archives) if self._keys.has_first else 0

    @property
    def service_folders(self) -> Counter[str]:
        """Skipped folders of thumbnails and deleted files, by name: the first shard counts them."""
        found = [s for s in self._whole if isinstance(s, Folder | RemoteFolder | Archive)]
        counts = (source.service_folders for source in found if self._keys.has_first)
        return sum(map(_as_text, counts), Counter())

    @property
    def links(self) -> int:
        """Images that are other names of a file that is another image."""
        return sum(s.links for s in self._whole if isinstance(s, Folder | Listing))

    @property
    def inner_links(self) -> int:
        """Links to folders that are walked by their own names: the first shard counts them."""
        folders = (source for source in self._whole if isinstance(source, Folder))
        return sum(folder.inner_links for folder in folders) if self._keys.has_first else 0

    @property
    def others(self) -> Counter[str]:
        """Files in folders without an image extension, by theirs."""
        folders = (source.others for source in self._sources if isinstance(source, Folder))
        return sum((_as_text(each) for each in folders), Counter())

    def _skipped_now(self) -> int:
        return sum(source.skipped for source in self._sources)

    def _count_of_sample(self) -> int | None:
        size = self.sampling.size if self.sampling else None
        population: Population | None = self.__dict__.get("population")
        if size is None or population is None or self.shards is not None:
            return None
        return size.of(population.found)

    @cached_property
    def population(self) -> Population:
        """All images, of which a sample is measured: they are listed once, at first use."""
        assert self.sampling is not None
        groups = [
            ([self._index(source) for source in group], all(s.ordered for s in group))
            for group in _groups(self._sources)
        ]
        population = Population(groups, self._keys, self.sampling.seed)
        self.duplicates = population.duplicates
        self._skipped = self._skipped_now()
        return population

    def _index(self, source: Source) -> Index:
        if self._masks is None:
            return source.index()
        return index_by_reading(_WithMasks(source, self._masks))

    @property
    def prefixes(self) -> tuple[bytes, ...]:
        """What the keys of each source's images begin with; empty for a single source."""
        return tuple({source.prefix for source in self._sources if source.prefix.endswith(b"/")})

    @property
    def unfollowed(self) -> list[bytes]:
        """Links to folders that were not followed, by their keys."""
        folders = [source for source in self._sources if isinstance(source, Folder)]
        return sorted(key for folder in folders for key in folder.unfollowed)

    def fingerprint(self) -> int:
        """Return the sum of the fingerprints of all images.

        They are listed for it, and what was listed serves the next iteration, unless references
        hold the bytes of their images.
        """
        total = 0
        listed: list[Reference] | None = []
        for reference in self._read():
            total += reference.fingerprint()
            if reference.bytes_held:
                listed = None
            elif listed is not None:
                listed.append(reference)
        self._listed = listed
        return total % 2**256

    def __iter__(self) -> Iterator[Reference]:
        if self._listed is not None:
            listed, self._listed = self._listed, None
            yield from listed
        else:
            yield from self._read()

    def _read(self) -> Iterator[Reference]:
        if self.sampling is not None:
            assert self.sampling.size is not None
            yield from self.population.choice(0, self.sampling.size.of(self.population.found))
            return
        self.duplicates = self.not_replaced = 0
        for group in _groups(self._sources):
            images = [self._masks.attached(source) if self._masks else source for source in group]
            if all(source.ordered for source in group):
                yield from self._in_order(self._in_shards(_merged(images)))
            else:
                yield from self._unordered(self._in_shards(chain.from_iterable(images)))

    def _in_shards(self, references: Iterable[Reference]) -> Iterable[Reference]:
        """Leave out images of other shards, which not every source has done."""
        if self.shards is None:
            return references
        return (reference for reference in references if reference.key in self._keys)

    def _in_order(self, references: Iterable[Reference]) -> Iterator[Reference]:
        """Leave out images with the key of the one before."""
        previous = None
        for reference in references:
            if reference.key == previous:
                self.duplicates += 1
            else:
                yield reference
            previous = reference.key

    def _unordered(self, references: Iterable[Reference]) -> Iterator[Reference]:
        """Leave out images with a key that came before."""
        seen: set[bytes] = set()
        for reference in references:
            if reference.key in seen:
                self.duplicates += 1
                self.not_replaced += reference.bytes_held > 0
            else:
                seen.add(reference.key)
                yield reference


@dataclass(frozen=True)
class _WithMasks:
    """The images of a source with the references to their masks, as often as they are read."""

    source: Source
    masks: MaskFiles

    def __iter__(self) -> Iterator[Reference]:
        return self.masks.attached(self.source)


def _as_text(counts: Counter[bytes]) -> Counter[str]:
    return Counter({key_text(name): number for name, number in counts.items()})


def _groups(sources: Iterable[Source]) -> list[list[Source]]:
    """Return sources whose keys may interleave together; groups follow one another in key order.

    So the second of two archives is not opened before the first has been read.
    """
    groups: list[list[Source]] = []
    for source in sorted(sources, key=lambda source: source.prefix):
        if groups and source.prefix.startswith(groups[-1][0].prefix):
            groups[-1].append(source)
        else:
            groups.append([source])
    return groups


def _merged(sources: Sequence[Iterable[Reference]]) -> Iterable[Reference]:
    if len(sources) == 1:
        return sources[0]
    return heapq.merge(*sources, key=lambda reference: reference.key)
