"""Several sources as one stream of images."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from bnstat.result import Dataset, Shards
from bnstat.sources.archive import Archive
from bnstat.sources.arrays import ArraySource
from bnstat.sources.folder import Folder
from bnstat.sources.items import ItemSource
from bnstat.sources.listing import Listing
from bnstat.sources.locations import Opening, sources_at
from bnstat.sources.patterns import EVERYTHING, Chosen, Globs, MaskFiles
from bnstat.sources.reference import Reference
from bnstat.sources.source import (
    ALL_KEYS,
    Index,
    Population,
    Repeats,
    Sampling,
    ShardKeys,
    Source,
    index_by_reading,
    merged,
)
from bnstat.sources.urls import RemoteFolder
from bnstat.text import key_text

S = TypeVar("S")


class Sources:
    """All images of a run, each key once.

    Folders and archives are read while iterating, so that work can start at once; the counts are
    complete at the end. Folders come in the order of the keys' bytes, an archive in its own. Of
    several shards, the first one alone counts what is no image.

    locations: as typed, without credentials; listing: the list that names the images, if one does;
    masks: adds to each image its mask; sampling: which sample of the images is measured, which are
    listed first then; None is all; globs: which images are measured, by their paths; column: that
    of the images in Parquet files; duplicates: images left out because of an equal key before them;
    not_replaced: those of them that are of archives that are read as a stream, where the last
    should count.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        locations: Sequence[str],
        *,
        listing: Listing | None = None,
        keys: ShardKeys = ALL_KEYS,
        masks: MaskFiles | None = None,
        sampling: Sampling | None = None,
        globs: Globs = EVERYTHING,
        column: str | None = None,
        dataset: Dataset | None = None,
    ) -> None:
        self._sources, self._keys, self._masks = sources, keys, masks
        self.locations = tuple(key_text(os.fsencode(location)) for location in locations)
        self.listing, self.sampling, self.globs, self.column = listing, sampling, globs, column
        self.duplicates = self.not_replaced = 0
        self._dataset = dataset
        self._listed: list[Reference] | None = None

    @classmethod
    def open(
        cls,
        locations: Sequence[str],
        how: Opening = Opening(),  # noqa: B008 (it is frozen)
        masks: MaskFiles | None = None,
        sampling: Sampling | None = None,
    ) -> Sources:
        """Return the sources at folders, files, archives, URLs or patterns.

        Keys begin with the location where there are several, or where a pattern was expanded. Of a
        sample, which is one of the images of all shards, `how.keys` are chosen later.

        Raise SourceError if a location does not exist.
        """
        found = sources_at(locations, how if sampling is None else replace(how, keys=ALL_KEYS))
        return cls(
            found,
            locations,
            keys=how.keys,
            masks=masks,
            sampling=sampling,
            globs=how.globs,
            column=how.column,
        )

    @classmethod
    def listed(
        cls,
        listing: Listing,
        keys: ShardKeys = ALL_KEYS,
        masks: MaskFiles | None = None,
        sampling: Sampling | None = None,
        globs: Globs = EVERYTHING,
    ) -> Sources:
        return cls(
            [Chosen(listing, globs) if globs else listing],
            [listing.location],
            listing=listing,
            keys=keys,
            masks=masks,
            sampling=sampling,
            globs=globs,
        )

    @property
    def dataset(self) -> Dataset | None:
        """What gives the images; how many of its items are measured is known at their end."""
        first = next((source.first for source in self._of(ItemSource)), None)
        return self._dataset and replace(self._dataset, first=first)

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
        return any(source.random for source in self._of(ItemSource))

    @property
    def several_passes(self) -> bool:
        """Whether images are those of several passes over an iterable."""
        return any(source.several_passes for source in self._of(ItemSource))

    def send(self, *, costly: bool) -> bool:
        """Put the items of datasets where workers find them; return whether they can measure all.

        What is in memory is not worth sending, unless what is done to it is `costly`.
        """
        sent = [source.send(costly=costly) for source in self._of(ItemSource)]
        if self._dataset is not None:
            problem = next(
                (source.problem for source in self._of(ItemSource) if source.problem), ""
            )
            self._dataset = replace(self._dataset, here=problem)
        return all(sent)

    @property
    def ordered(self) -> bool:
        return all(source.ordered for source in self._sources)

    @property
    def prefixes(self) -> tuple[bytes, ...]:
        """What the keys of each source's images begin with; empty for a single source."""
        return tuple({source.prefix for source in self._sources if source.prefix.endswith(b"/")})

    def count(self) -> int | None:
        """Count the images and duplicates without opening any; None if reading them is needed.

        The number of a sample is known once the images were listed. Which files are masks shows
        only then, and so do the keys of what is neither a folder nor a list.
        """
        if self.sampling is not None:
            listed, size = "population" in self.__dict__, self.sampling.size
            return size.of(self.population.found) if listed and size and not self.shards else None
        keys_known = all(isinstance(source, Folder | Listing) for source in self._sources)
        if self._masks is not None or (self.shards is not None and not keys_known):
            return None
        counts = [source.count() for source in self._sources]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def _whole(self) -> list[Source]:
        """The sources, of which globs choose images."""
        return [s.source if isinstance(s, Chosen) else s for s in self._sources]

    def _of(self, kind: type[S]) -> list[S]:
        return [source for source in self._whole if isinstance(source, kind)]

    @property
    def skipped(self) -> int:
        """Files without an image extension."""
        if not self._keys.has_first:
            return 0
        return self._skipped if self.sampling else self._skipped_now()

    def _skipped_now(self) -> int:
        return sum(source.skipped for source in self._sources)

    @property
    def replaced(self) -> int:
        """Images of archives that stand there again later."""
        return sum(each.replaced for each in self._of(Archive)) if self._keys.has_first else 0

    @property
    def service_folders(self) -> Counter[str]:
        """Skipped folders of thumbnails and deleted files, by name."""
        found = [s for s in self._whole if isinstance(s, Folder | RemoteFolder | Archive)]
        return _by_name(each.service_folders for each in found if self._keys.has_first)

    @property
    def links(self) -> int:
        """Images that are other names of a file that is another image."""
        return sum(s.links for s in self._whole if isinstance(s, Folder | Listing))

    @property
    def inner_links(self) -> int:
        """Links to folders that are walked by their own names."""
        return (
            sum(each.walk.inner_links for each in self._of(Folder)) if self._keys.has_first else 0
        )

    @property
    def others(self) -> Counter[str]:
        """Files in folders without an image extension, by theirs."""
        return _by_name(folder.walk.others for folder in self._of(Folder))

    @property
    def unfollowed(self) -> list[bytes]:
        """Links to folders that were not followed, by their keys."""
        return sorted(key for folder in self._of(Folder) for key in folder.walk.unfollowed)

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
        listed, self._listed = self._listed, None
        return self._read() if listed is None else iter(listed)

    def _read(self) -> Iterator[Reference]:
        if self.sampling is not None:
            assert self.sampling.size is not None
            yield from self.population.choice(0, self.sampling.size.of(self.population.found))
            return
        self.duplicates = self.not_replaced = 0
        for group in _groups(self._sources):
            images = [self._masks.attached(source) if self._masks else source for source in group]
            ordered = all(source.ordered for source in group)
            repeats = Repeats(ordered)
            for reference in merged(images, ordered):
                if self.shards is not None and reference.key not in self._keys:
                    continue  # not every source leaves out other shards
                if repeats(reference.key):
                    self.duplicates += 1
                    self.not_replaced += not ordered and reference.bytes_held > 0
                else:
                    yield reference


@dataclass(frozen=True)
class _WithMasks:
    """The images of a source with the references to their masks, as often as they are read."""

    source: Source
    masks: MaskFiles

    def __iter__(self) -> Iterator[Reference]:
        return self.masks.attached(self.source)


def _by_name(counts: Iterable[Counter[bytes]]) -> Counter[str]:
    total = sum(counts, Counter[bytes]())
    return Counter({key_text(name): number for name, number in total.items()})


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
