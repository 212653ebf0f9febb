"""Several sources as one stream of images in key order."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Sequence

from bnstat.errors import SourceError
from bnstat.images.folder import Folder
from bnstat.images.listing import Listing
from bnstat.images.reference import Reference, refer
from bnstat.images.shards import ALL, KeysOf
from bnstat.stats import Shards
from bnstat.text import key_text


class SingleFile:
    """A file named as a source: opened whatever its name."""

    skipped = 0

    def count(self) -> int:
        """Count the file."""
        return 1

    def __init__(self, path: bytes, key: bytes) -> None:
        self._path = path
        self._key = key

    def __iter__(self) -> Iterator[Reference]:
        yield refer(self._key, self._path)


class Sources:
    """All images of a run, each key once, in the order of the keys' bytes.

    Iterating reads folders as it goes, so that work can start at once; the counts are complete
    when it has ended.

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
        parts: Sequence[Folder | SingleFile | Listing],
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
        """Return the sources at folders or files; several have their location in their keys.

        Locations are relative to `cwd`; only images of these `keys` are among them.

        Raises
        ------
        SourceError
            If a location does not exist.
        """
        several = len(locations) > 1
        parts = [
            _part(os.fsencode(location), several, os.fsencode(cwd), keys) for location in locations
        ]
        return cls(parts, locations, keys=keys)

    @classmethod
    def listed(cls, listing: Listing, keys: KeysOf = ALL) -> Sources:
        """Return the images that a list names."""
        return cls([listing], [listing.location], listing, keys)

    @property
    def parts(self) -> Shards | None:
        """Which shards of the images these are; None is all."""
        return self._keys.parts

    def count(self) -> int:
        """Count the images, duplicates included, without looking at any."""
        return sum(part.count() for part in self._parts)

    @property
    def skipped(self) -> int:
        """Files without an image extension; of all shards, the first alone counts them."""
        return sum(part.skipped for part in self._parts) if self._keys.has_first else 0

    def __iter__(self) -> Iterator[Reference]:
        previous, self.duplicates = None, 0
        for reference in self._merged():
            if reference.key not in self._keys:  # not every part has left it out itself
                continue
            if reference.key == previous:
                self.duplicates += 1
            else:
                yield reference
            previous = reference.key

    def _merged(self) -> Iterable[Reference]:
        if len(self._parts) == 1:
            return self._parts[0]
        return heapq.merge(*self._parts, key=lambda reference: reference.key)


def _part(location: bytes, several: bool, cwd: bytes, keys: KeysOf) -> Folder | SingleFile:
    path = os.path.join(cwd, location)
    if os.path.isdir(path):
        return Folder(path, location.rstrip(b"/") + b"/" if several else b"", keys)
    if not os.path.lexists(path):
        raise SourceError(f"no folder or file {key_text(path)}; check the path")
    return SingleFile(path, location if several else os.path.basename(location))
