"""Several sources as one stream of images."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from bnstat.images.folder import Folder
from bnstat.images.listing import Listing
from bnstat.images.locating import located
from bnstat.images.reference import Reference
from bnstat.images.shards import ALL, KeysOf
from bnstat.images.source import Source
from bnstat.stats import Shards
from bnstat.text import key_text


class Sources:
    """All images of a run, each key once.

    Iterating reads folders and archives as it goes, so that work can start at once; the counts are
    complete when it has ended. Folders come in the order of the keys' bytes; an archive comes in
    its own.

    Attributes
    ----------
    locations
        As typed.
    listing
        The list that names the images, if one does.
    duplicates
        Images left out because their key had been met.
    """

    def __init__(
        self,
        parts: Sequence[Source],
        locations: Sequence[str],
        listing: Listing | None = None,
        keys: KeysOf = ALL,
    ) -> None:
        self._parts = parts
        self._keys = keys
        self.locations = tuple(key_text(os.fsencode(location)) for location in locations)
        self.listing = listing
        self.duplicates = 0

    @classmethod
    def open(cls, locations: Sequence[str], cwd: str = "", keys: KeysOf = ALL) -> Sources:
        """Return the sources at folders, files, archives, URLs or patterns.

        Several have their location in their keys; so has what matches a pattern. Locations other
        than URLs are relative to `cwd`. Only images of these `keys` are among them.

        Raises
        ------
        SourceError
            If a location does not exist.
        """
        return cls(located(locations, os.fsencode(cwd), keys), locations, keys=keys)

    @classmethod
    def listed(cls, listing: Listing, keys: KeysOf = ALL) -> Sources:
        """Return the images that a list names."""
        return cls([listing], [listing.location], listing, keys)

    @property
    def parts(self) -> Shards | None:
        """Which shards of the images these are; None is all."""
        return self._keys.parts

    @property
    def ordered(self) -> bool:
        """Whether all images come in the order of their keys."""
        return all(part.ordered for part in self._parts)

    def count(self) -> int | None:
        """Count the images, duplicates included, without looking at any; None if that is much."""
        if self.parts is not None and not all(isinstance(p, Folder | Listing) for p in self._parts):
            return None  # others do not know their keys beforehand
        counts = [part.count() for part in self._parts]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def skipped(self) -> int:
        """Files without an image extension; of all shards, the first alone counts them."""
        return sum(part.skipped for part in self._parts) if self._keys.has_first else 0

    def __iter__(self) -> Iterator[Reference]:
        self.duplicates = 0
        for parts in _groups(self._parts):
            if all(part.ordered for part in parts):
                yield from self._in_order(self._ours(_merged(parts)))
            else:
                yield from self._as_they_come(self._ours(chain.from_iterable(parts)))

    def _ours(self, references: Iterable[Reference]) -> Iterable[Reference]:
        """Leave out what is not among our keys, as not every part has done."""
        if self.parts is None:
            return references
        return (reference for reference in references if reference.key in self._keys)

    def _in_order(self, references: Iterable[Reference]) -> Iterator[Reference]:
        """Leave out what has the key of the one before."""
        previous = None
        for reference in references:
            if reference.key == previous:
                self.duplicates += 1
            else:
                yield reference
            previous = reference.key

    def _as_they_come(self, references: Iterable[Reference]) -> Iterator[Reference]:
        """Leave out what has a key that has been met."""
        met: set[bytes] = set()
        for reference in references:
            if reference.key in met:
                self.duplicates += 1
            else:
                met.add(reference.key)
                yield reference


def _groups(parts: Iterable[Source]) -> list[list[Source]]:
    """Return parts whose keys may mix together; groups follow one another in key order.

    So the second of two archives is not opened before the first has been read.
    """
    groups: list[list[Source]] = []
    for part in sorted(parts, key=lambda part: part.prefix):
        if groups and part.prefix.startswith(groups[-1][0].prefix):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _merged(parts: Sequence[Source]) -> Iterable[Reference]:
    if len(parts) == 1:
        return parts[0]
    return heapq.merge(*parts, key=lambda reference: reference.key)
