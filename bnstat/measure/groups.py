"""Groups of images: the name of the group of each."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bnstat.errors import SourceError
from bnstat.moments import ChunkMoments, Ints, Kind
from bnstat.moments.histograms import Occurrences
from bnstat.sources.items import Membership
from bnstat.sources.listing import names_column, rows_of
from bnstat.sources.reference import Reference, file_key
from bnstat.sources.sources import Sources
from bnstat.text import key_text

FOLDER = "folder"
# The name of the group of images that lie in no folder below their source.
TOP = "."
_MAX_NAMED = 3
# The heading of the column of names, in a table of more than two columns.
_LABEL = "label"


class GroupNames:
    """Gives the name of the group, or cluster, of an image by its key."""

    def __call__(self, key: bytes) -> str:
        raise NotImplementedError

    def checked(self, images: Iterable[Reference]) -> Iterable[Reference]:
        """Return the images, as far as each is in a group.

        Raises SourceError in mid-way, if one is in none; or at the end, if a name is of no image.
        """
        return images


@dataclass(frozen=True)
class FolderNames(GroupNames):
    """The first folder below the source.

    prefixes: what keys of each source begin with, the longest first, as one may begin another.
    """

    prefixes: tuple[bytes, ...]

    def __call__(self, key: bytes) -> str:
        start = next((len(p) for p in self.prefixes if key.startswith(p)), 0)
        end = key.find(b"/", start)
        return TOP if end < 0 else key_text(key[start:end])


@dataclass(frozen=True)
class TableNames(GroupNames):
    """The names that a CSV file gives, by the text of the key.

    whole: whether all images are measured, so that a key without an image is an error.
    """

    file: str
    names: Mapping[str, str]
    whole: bool
    _met: set[str] = field(default_factory=set)

    def __call__(self, key: bytes) -> str:
        return self.names[key_text(key)]

    def checked(self, images: Iterable[Reference]) -> Iterator[Reference]:
        for reference in images:
            name = key_text(reference.key)
            if name not in self.names:
                raise SourceError(f"{self.file} has no label for {name}; add a line {name},LABEL")
            self._met.add(name)
            yield reference
        if self.whole and len(self._met) < len(self.names):
            unknown = [name for name in self.names if name not in self._met]
            named = ", ".join(islice(unknown, _MAX_NAMED))
            more = f" and {len(unknown) - _MAX_NAMED} more" if len(unknown) > _MAX_NAMED else ""
            raise SourceError(f"{self.file} labels what is no image here: {named}{more}")


@dataclass(frozen=True)
class MatchedNames(GroupNames):
    """What a regular expression matches in the text of the key: its first group, or all of it."""

    pattern: re.Pattern[str]

    def __call__(self, key: bytes) -> str:
        found = self.pattern.search(key_text(key))
        return found[min(1, self.pattern.groups)] or "" if found else ""

    def checked(self, images: Iterable[Reference]) -> Iterator[Reference]:
        for reference in images:
            name = key_text(reference.key)
            if not self.pattern.search(name):
                raise SourceError(f"re:{self.pattern.pattern} does not match {name}")
            yield reference


@dataclass(frozen=True)
class ItemNames(GroupNames):
    """The names that the items of a dataset give, by key, once they were drawn; TOP of failures."""

    names: Mapping[bytes, str] = field(default_factory=dict)

    def __call__(self, key: bytes) -> str:
        return self.names.get(key, TOP)


@dataclass(frozen=True)
class NamesOfFiles(GroupNames):
    names: GroupNames

    def __call__(self, key: bytes) -> str:
        return self.names(file_key(key))

    def checked(self, images: Iterable[Reference]) -> Iterable[Reference]:
        return self.names.checked(images)


def group_names(
    setting: str, by: Any, sources: Sources, *, by_file: bool = False
) -> GroupNames | None:
    """Return the names of the groups, or clusters, of images; None where a setting asks for none.

    `by_file`: images are frames, and named as their files are.

    Raises SourceError if a CSV file cannot be read, or does not have two columns, key and label; or
    if it is of the items of a dataset, and these are files.
    """
    if by is None:
        return None
    names = _names(setting, by, sources)
    return NamesOfFiles(names) if by_file and not isinstance(names, ItemNames) else names


def _names(setting: str, by: Any, sources: Sources) -> GroupNames:
    if isinstance(by, str) and by.startswith("re:"):
        return MatchedNames(re.compile(by.removeprefix("re:")))
    if not isinstance(by, str) or not (by == FOLDER or by.lower().endswith(".csv")):
        if sources.dataset is None:
            raise SourceError(
                f"{setting} {by!r} is of the items of a dataset; files have folder or FILE.csv"
                f"{' or re:PATTERN' if setting == 'cluster' else ''}"
            )
        return ItemNames()
    if by == FOLDER:
        return FolderNames(tuple(sorted(sources.prefixes, key=len, reverse=True)))
    return TableNames(by, _read_names(by), sources.takes_all)


def _read_names(file: str) -> dict[str, str]:
    try:
        rows = rows_of(Path(file).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SourceError(f"cannot read the labels in {file}: {reason}") from error
    names: dict[str, str] = {}
    for key, name in _pairs(rows, file):
        if names.setdefault(key, name) != name:
            raise SourceError(f"{file} has two labels for {key}; keep one")
    return names


def _pairs(rows: Sequence[Sequence[str]], file: str) -> Iterator[tuple[str, str]]:
    """Yield key and name of each row; a heading may say which columns they are."""
    header = rows[0] if rows else []
    keys = names_column(header)
    if keys is not None and len(header) > 2 and _LABEL not in header:
        raise SourceError(f"{file} has {len(header)} columns; call that of the names {_LABEL!r}")
    width, names = 2, 1
    if keys is not None:
        width = len(header)
        names = list(header).index(_LABEL) if _LABEL in header else 1 - keys
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise SourceError(f"line {number} of {file} is not KEY,LABEL: {len(row)} columns")
        if keys is None or number > 1:
            yield row[keys or 0], row[names]


class GroupHistograms:
    """Histograms of 8- and 16-bit images by group and kind; the values that do not occur take none.

    names: of the groups; those of a dataset's items come with what was measured of them.
    """

    def __init__(self, names: GroupNames) -> None:
        self._names = names
        self._found: dict[str, dict[Kind, Occurrences]] = defaultdict(dict)

    def add(
        self,
        keys: Sequence[bytes],
        moments: ChunkMoments,
        memberships: Mapping[int, Membership],
    ) -> None:
        """Add the images of a chunk; the histogram of each must have been kept."""
        if moments.histogram is None:
            return
        rows: dict[str, list[int]] = defaultdict(list)
        for row in dict.fromkeys(moments.rows):
            drawn = isinstance(self._names, ItemNames)
            name = str(memberships[row].group) if drawn else self._names(keys[row])
            rows[name].append(row)
        for name, members in rows.items():
            share = moments.take(members)
            if share is not None and share.histogram is not None:
                self._add(name, moments.kind, Occurrences.of(share.histogram))

    def _add(self, name: str, kind: Kind, more: Occurrences) -> None:
        kinds = self._found[name]
        kinds[kind] = _joined(kinds[kind], more) if kind in kinds else more

    @classmethod
    def merged(cls, shards: Sequence[GroupHistograms]) -> GroupHistograms:
        whole = cls(shards[0]._names)
        for shard in shards:
            for name, kinds in shard._found.items():
                for kind, found in kinds.items():
                    whole._add(name, kind, found)
        return whole

    def of_group(self, name: str) -> dict[Kind, Ints]:
        """Return how often each value occurs in a group: int64 of shape (C, scale + 1), by kind."""
        return {kind: _counts(kind, found) for kind, found in self._found[name].items()}


def _joined(first: Occurrences, second: Occurrences) -> Occurrences:
    both = Occurrences.joined([first, second])
    where, places = np.unique(both.where, return_inverse=True)
    number = np.zeros(len(where), np.int64)
    np.add.at(number, places, both.number)
    return Occurrences(where, number)


def _counts(kind: Kind, found: Occurrences) -> Ints:
    counts = np.zeros((len(kind.channels), kind.scale + 1), np.int64)
    counts.reshape(-1)[found.where] = found.number
    return counts
