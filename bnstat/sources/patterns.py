"""Patterns of paths: globs choose images, and a pattern says where the mask of each image is.

Globs are as in .gitignore, on paths below a source's root. One with a slash that is not its last
character stands for paths from the root on, any other for a name in any folder. "*" is anything but
a slash, "**" any number of folders, and what stands for a folder stands for all in it; with a slash
at its end, it stands for folders only (https://git-scm.com/docs/gitignore, "Pattern format").

A file is a mask if the pattern of masks can mean it: that needs no look at other files, so that
images can be listed while the scan runs. In an archive masks are members, found by their names.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bnstat.errors import SourceError
from bnstat.sources import urls
from bnstat.sources.archive import Archive
from bnstat.sources.bounds import ReadLimits
from bnstat.sources.reference import Reference, file_reference
from bnstat.sources.source import Index, Source, index_by_reading
from bnstat.text import is_url

# What is special in a glob, the longer first.
_PARTS = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|(\[[!^]?\]?[^\]]*\])|\\(.)|(.)", re.DOTALL)
# Masks that workers cannot read themselves, together.
_MAX_HELD = 1 << 30
# The fields of a pattern, and the regular expressions of what may stand for each.
_FIELDS = {b"{dir}": rb".*", b"{dir}/": rb"(?:.*/)?", b"{stem}": rb"[^/]+", b"{name}": rb"[^/]+"}


@dataclass(frozen=True)
class Globs:
    """Which paths below a source's root are measured.

    One is if a glob of `include` matches it, or there is none, and no glob of `exclude` does.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.include or self.exclude)

    def has(self, path: bytes) -> bool:
        if not self:
            return True
        text = os.fsdecode(path)
        included = self._included is None or self._included.fullmatch(text) is not None
        return included and (self._excluded is None or self._excluded.fullmatch(text) is None)

    def enters(self, folder: bytes) -> bool:
        """Whether anything in a folder, whose path ends in a slash, may be measured."""
        return self._excluded is None or self._excluded.fullmatch(os.fsdecode(folder)) is None

    @cached_property
    def _included(self) -> re.Pattern[str] | None:
        return _any_of(self.include)

    @cached_property
    def _excluded(self) -> re.Pattern[str] | None:
        return _any_of(self.exclude)


EVERYTHING = Globs()


def _any_of(globs: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(expression, globs)), re.DOTALL) if globs else None


def expression(glob: str) -> str:
    """Return a glob as a regular expression of the paths that it stands for.

    >>> bool(re.fullmatch(expression("masks/"), "a/masks/1.png"))
    True
    >>> bool(re.fullmatch(expression("a/*.png"), "a/b/1.png"))
    False
    """
    folder_alone, body = glob.endswith("/"), glob.rstrip("/")
    anywhere = "" if "/" in body else "(?:.*/)?"
    inside = "/.*" if folder_alone else "(?:/.*)?"
    parts = _PARTS.finditer(body.removeprefix("/"))
    return anywhere + "".join(map(_translated, parts)) + inside


def _translated(part: re.Match[str]) -> str:
    folders, everything, star, one, choice, escaped, _ = part.groups()
    if folders:
        return "(?:.*/)?"
    if everything:
        return ".*"
    if star or one:
        return "[^/]*" if star else "[^/]"
    if choice:
        return "[" + choice[1:].replace("\\", "\\\\").replace("!", "^", choice[1] == "!")
    return re.escape(escaped or part[0])


@dataclass(frozen=True)
class Chosen:
    """The images of another source that globs let pass."""

    source: Source
    globs: Globs

    @property
    def prefix(self) -> bytes:
        return self.source.prefix

    @property
    def ordered(self) -> bool:
        return self.source.ordered

    @property
    def skipped(self) -> int:
        return self.source.skipped

    def count(self) -> None:
        """Return None: which images pass shows while they are listed."""

    def index(self) -> Index:
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        root = len(self.prefix) if self.prefix.endswith(b"/") else 0
        return (image for image in self.source if self.globs.has(image.key[root:]))


@dataclass(frozen=True)
class MaskPattern:
    """Where the second image of each image is.

    text: its path, with {dir}, {stem} and {name} of the image's key; missing_all: whether the whole
    image counts where there is no second one; else it is a failure.
    """

    text: str
    missing_all: bool = False

    def path(self, key: bytes) -> bytes:
        r"""Return the path of an image's mask.

        >>> MaskPattern("labels/{dir}/{stem}.png").path(b"train/a/1.jpg")
        b'labels/train/a/1.png'
        >>> MaskPattern("{stem}_mask.png").path(b"1.jpg")
        b'1_mask.png'
        """
        folder, _, name = key.rpartition(b"/")
        stem = name.rpartition(b".")[0] or name
        path = self.text.encode(errors="surrogateescape")
        for field, value in ((b"{dir}", folder or b"."), (b"{stem}", stem), (b"{name}", name)):
            path = path.replace(field, value)
        return path


class MaskFiles:
    """Adds to each image of a source the reference to its mask, and leaves out masks.

    The pattern is relative to `cwd`, unless it is a URL.
    """

    def __init__(self, pattern: MaskPattern, cwd: bytes, limits: ReadLimits) -> None:
        self._pattern = pattern
        self._cwd = os.path.abspath(cwd or b".")
        self._limits = limits
        text = os.fsencode(pattern.text)
        self._is_url = is_url(text)
        self._member = re.compile(_regular_expression(text), re.DOTALL)
        whole = text if self._is_url else os.path.join(self._cwd, text)
        self._file = re.compile(_regular_expression(whole), re.DOTALL)

    def attached(self, source: Source) -> Iterator[Reference]:
        whole = source.source if isinstance(source, Chosen) else source
        if isinstance(whole, Archive):
            yield from self._in_archive(source, whole, len(source.prefix))
        else:
            for image in source:
                path = image.path if is_url(image.path) else os.path.abspath(image.path)
                if not self._file.fullmatch(path):
                    yield image._replace(labels=self._if_needed(self._found(image.key)))

    def _in_archive(
        self, source: Iterable[Reference], whole: Iterable[Reference], prefix: int
    ) -> Iterator[Reference]:
        """Yield the images of an archive, which is read once for the masks and once for them.

        Masks are found in the whole of it, also those that are excluded as images.
        """
        masks, held = {}, 0
        for member in whole:
            if self._member.fullmatch(member.key[prefix:]):
                masks[member.key[prefix:]] = member
                held += member.bytes_held
            if held > _MAX_HELD:
                raise SourceError(
                    f"the masks in an archive have more than {_MAX_HELD >> 20} MiB, which are held "
                    "in memory; put them into a plain .tar or a .zip on a disk"
                )
        for image in source:
            name = image.key[prefix:]
            if name not in masks:
                path = os.path.normpath(self._pattern.path(name))
                yield image._replace(labels=self._if_needed(masks.get(path) or _missing(path)))

    def _found(self, key: bytes) -> Reference:
        path = self._pattern.path(key)
        if self._is_url:
            return urls.url_reference(path, path, self._limits)
        return file_reference(path, os.path.join(self._cwd, path))

    def _if_needed(self, mask: Reference) -> Reference | None:
        """Return None for a mask that is missing and may be."""
        missing = mask.problem == os.strerror(errno.ENOENT)
        return None if missing and self._pattern.missing_all else mask


def _missing(path: bytes) -> Reference:
    return Reference(path, b"", 0, 0, os.strerror(errno.ENOENT))


def _regular_expression(pattern: bytes) -> bytes:
    """Return the regular expression of the paths that a pattern can mean.

    >>> bool(re.fullmatch(_regular_expression(b"labels/{dir}/{stem}.png"), b"labels/a/b/c.png"))
    True
    """
    pieces = re.split(rb"(\{dir\}/?|\{stem\}|\{name\})", pattern)
    return b"".join(_FIELDS.get(piece) or re.escape(piece) for piece in pieces)
