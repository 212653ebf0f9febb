"""Which images of a source are measured: globs as in .gitignore, on paths below its root.

A glob with a slash that is not its last character stands for paths from the root on, any other for
a name in any folder. "*" is anything but a slash, "**" any number of folders, and what stands for a
folder stands for all in it; with a slash at its end, it stands for folders only
(https://git-scm.com/docs/gitignore, "Pattern format").
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bnstat.sources.reference import Reference
from bnstat.sources.source import InMemoryIndex, Source, StreamIndex, index_by_reading

# What is special in a glob, the longer first.
_PARTS = re.compile(r"(\*\*/)|(\*\*)|(\*)|(\?)|(\[[!^]?\]?[^\]]*\])|\\(.)|(.)", re.DOTALL)


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

    def index(self) -> InMemoryIndex | StreamIndex:
        return index_by_reading(self)

    def __iter__(self) -> Iterator[Reference]:
        root = len(self.prefix) if self.prefix.endswith(b"/") else 0
        return (image for image in self.source if self.globs.has(image.key[root:]))
