"""Braces and wildcards, where the shell has left them: shards/{000..127}.tar, data/**/*.jpg."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")


def unbraced(text: str) -> list[str]:
    """Return all that braces stand for, in order, as bash expands them.

    >>> unbraced("{train,val}/{08..11}.tar")[:5]
    ['train/08.tar', 'train/09.tar', 'train/10.tar', 'train/11.tar', 'val/08.tar']
    """
    for match in _BRACES.finditer(text):
        if choices := list(_choices(match[1])):
            head, tail = text[: match.start()], unbraced(text[match.end() :])
            return [head + choice + rest for choice in choices for rest in tail]
    return [text]


def _choices(inner: str) -> Iterator[str]:
    """Yield what one pair of braces stands for; nothing if it stands for itself."""
    if ends := _RANGE.fullmatch(inner):
        first, last = int(ends[1]), int(ends[2])
        padded = any(re.match("-?0[0-9]", end) for end in ends.groups())
        width = max(map(len, ends.groups())) if padded else 0
        step = 1 if last >= first else -1
        yield from (f"{number:0{width}}" for number in range(first, last + step, step))
    elif "," in inner:
        yield from inner.split(",")


def has_wildcard(location: bytes) -> bool:
    """Whether a location has wildcards; in the address of a web page, "?" and "[" are none."""
    if location.startswith((b"http://", b"https://")):
        return b"*" in location
    return glob.has_magic(location)


def matching(pattern: bytes, cwd: bytes) -> list[bytes]:
    """Return what matches a pattern, as the shell would put it; ** is any number of folders.

    Folders are left out where the pattern looks into all of them.
    """
    found = glob.iglob(pattern, root_dir=cwd or None, recursive=True)
    if b"**" in pattern:
        return sorted(name for name in found if not os.path.isdir(os.path.join(cwd, name)))
    return sorted(found)
