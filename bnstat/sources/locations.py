"""Which kind of source a location is: a folder, a file, an archive, a URL, a pattern."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bnstat.errors import SourceError
from bnstat.sources import naming, urls
from bnstat.sources.archive import Archive, ArchiveFile, Format
from bnstat.sources.arrays import open_array_file
from bnstat.sources.bounds import DEFAULT_LIMITS, ReadLimits, UnreadableError
from bnstat.sources.folder import Folder
from bnstat.sources.naming import (
    archive_kind,
    holds_arrays,
    holds_images,
    is_hidden,
    is_image,
    spelt_alike,
)
from bnstat.sources.patterns import EVERYTHING, Chosen, Globs
from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.source import ALL_KEYS, NamedFiles, ShardKeys, Source
from bnstat.sources.urls import RemoteFolder
from bnstat.sources.web import is_web
from bnstat.text import is_url, key_text


@dataclass(frozen=True)
class Opening:
    """How locations are opened.

    cwd: the folder that they are relative to, unless they are URLs; keys: files in folders whose
    keys are not in these are not examined; limits: on reading; follow_links: also to folders that
    contain the source, or are the system's; globs: which images are measured;
    column: that of the images in Parquet files, None is the one that must be meant; array, layout:
    of files of arrays.
    """

    cwd: bytes = b""
    keys: ShardKeys = ALL_KEYS
    limits: ReadLimits = DEFAULT_LIMITS
    follow_links: bool = False
    globs: Globs = EVERYTHING
    column: str | None = None
    array: str | None = None
    layout: str | None = None


def sources_at(locations: Sequence[str], how: Opening) -> list[Source]:
    """Return the sources at locations; raise SourceError if there is nothing at one."""
    names = [name for typed in locations for name in _without_braces(typed, how.cwd)]
    urls.check_distinct(dict.fromkeys(names))
    several = len(locations) > 1 or len(names) > 1
    if several:
        local = [name for name in names if name and not is_url(name)]
        alike = dict(zip(local, spelt_alike(local, how.cwd), strict=True))
        names = [alike.get(name, name) for name in names]
    only_source = len(names) == 1
    found = [s for n in names for s in _Location(n, how, several, only_source).sources]
    archives = (source for source in found if isinstance(source, Archive))
    if how.column is not None and not any(archive.has_columns for archive in archives):
        raise SourceError(
            f"--column {how.column} is of Parquet files, and none is named; leave it out, or name "
            "files that end in .parquet"
        )
    return [s if isinstance(s, Folder) or not how.globs else Chosen(s, how.globs) for s in found]


def _without_braces(typed: str, cwd: bytes) -> list[bytes]:
    name = os.fsencode(typed)
    if os.path.lexists(os.path.join(cwd, name)):
        return [name]
    return [os.fsencode(text) for text in naming.expand_braces(typed)]


@dataclass(frozen=True)
class _Location:
    """A location without braces.

    name: as typed; several: it is one of several, so that keys begin with it; only_source: there is
    no other, so that what cannot be read is an error and not a failure.
    """

    name: bytes
    how: Opening
    several: bool
    only_source: bool

    @property
    def sources(self) -> list[Source]:
        if os.path.lexists(self._path):
            return [self._local()]
        if is_url(self.name):
            return self._remote()
        if naming.has_wildcard(self.name):
            return self._matched(naming.expand_wildcards(self.name, self.how.cwd))
        raise SourceError(f"no folder or file {key_text(self._path)}; check the path")

    @property
    def _path(self) -> bytes:
        return os.path.join(self.how.cwd, self.name)

    def _local(self) -> Source:
        if os.path.isdir(self._path):
            prefix = self.name.rstrip(b"/") + b"/" if self.several else b""
            links, globs = self.how.follow_links, self.how.globs
            return Folder(self._path, prefix, self.how.keys, follow_links=links, globs=globs)
        if holds_images(self.name) and os.path.isfile(self._path):
            return self._archive(ArchiveFile(self._path), self.name)
        if holds_arrays(self.name) and os.path.isfile(self._path):
            prefix, how = self._key + b"/" if self.several else b"", self.how
            return open_array_file(self._path, prefix, how.array, how.layout, how.limits)
        return NamedFiles.one(self._key, lambda: file_reference(self._key, self._path))

    @property
    def _key(self) -> bytes:
        return urls.shown(self.name) if self.several else os.path.basename(self.name)

    def _archive(self, file: ArchiveFile, name: bytes) -> Archive:
        prefix, kind = self._key + b"/" if self.several else b"", _format(name, self.how.column)
        return Archive(file, kind, self.how.limits, self._key, prefix, self.only_source)

    def _matched(self, names: Sequence[bytes]) -> list[Source]:
        paths = {name: os.path.join(self.how.cwd, name) for name in names}
        own = [n for n in names if holds_images(n) or holds_arrays(n) or os.path.isdir(paths[n])]
        return self._matches(names, own, lambda name: file_reference(name, paths[name]))

    def _matches(
        self, names: Sequence[bytes], own: Sequence[bytes], to: Callable[[bytes], Reference]
    ) -> list[Source]:
        """Return the sources that a pattern matches: folders, archives, and the other images.

        own: names of those that are sources of their own; to: makes references to the others, of
        which files without an image extension are counted.
        """
        if not names:
            raise SourceError(f"nothing matches {key_text(self.name)}; check the pattern")
        only_source = self.only_source and len(names) == 1
        found = [s for n in own for s in _Location(n, self.how, True, only_source).sources]
        others = sorted(set(names).difference(own))
        if not others:
            return found
        images = [name for name in others if is_image(_path_in(name))]
        keys = [urls.shown(name) for name in images]
        prefix, skipped = keys[0] if len(keys) == 1 else b"", len(others) - len(images)
        files = NamedFiles(keys, lambda at: to(images[at]), prefix=prefix, skipped=skipped)
        return [*found, files]

    def _remote(self) -> list[Source]:
        url, limits = _absolute(self.name, self.how.cwd), self.how.limits
        urls.check_protocol(url, limits)
        if naming.has_wildcard(self.name):
            return self._matched_remotely(url)
        if holds_images(_path_in(url)):
            return [self._archive(ArchiveFile(url, remote=True), _path_in(url))]
        if self._is_remote_folder(url):
            prefix = self._key.rstrip(b"/") + b"/" if self.several else b""
            return [RemoteFolder(url, prefix, limits)]
        key = self._key if self.several else os.path.basename(_path_in(url))
        return [NamedFiles.one(key, lambda: urls.url_reference(key, url, limits))]

    def _is_remote_folder(self, url: bytes) -> bool:
        if is_web(url):
            return url.endswith(b"/")
        try:
            return bool(urls.info(url, self.how.limits)["type"] == "directory")
        except UnreadableError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise SourceError(f"nothing at {key_text(self.name)}; check the URL") from error
            raise SourceError(f"{key_text(self.name)} {error}") from error

    def _matched_remotely(self, url: bytes) -> list[Source]:
        try:
            matches = urls.expand_wildcards(url, self.how.limits)
        except UnreadableError as error:
            raise SourceError(f"{key_text(self.name)} {error}") from error
        above = re.split(rb"[*?[]", _path_in(url))[0].rpartition(b"/")[0] + b"/"
        known = {
            name: info
            for name, info in matches
            if info["type"] != "directory" and not is_hidden(_path_in(name).removeprefix(above))
        }
        own = [name for name in known if holds_images(_path_in(name))]

        def reference_to(name: bytes) -> Reference:
            return urls.url_reference(urls.shown(name), name, self.how.limits, known[name])

        return self._matches(list(known), own, reference_to)


def _format(name: bytes, column: str | None) -> Format:
    """Return the kind of a file that holds images; imported here, as most runs have none."""
    match archive_kind(name):
        case "tar":
            from bnstat.sources.tar import TAR as FORMAT
        case "zip":
            from bnstat.sources.zip import ZIP as FORMAT
        case _:
            from bnstat.sources.parquet import parquet

            return parquet(column)
    return FORMAT


def _path_in(url: bytes) -> bytes:
    """Return the path in a URL, which shows what is there: the first of a chain."""
    links = [link for link in url.split(b"::") if b"://" in link] or [url]
    return links[0].partition(b"?")[0] if is_web(links[0]) else links[0]


def _absolute(url: bytes, cwd: bytes) -> bytes:
    """Return a URL that means the same anywhere: a chain may end in a file's relative path."""
    head, chain, last = url.rpartition(b"::")
    if not chain or b"://" in last:
        return url
    return head + chain + os.path.abspath(os.path.join(cwd, last))
