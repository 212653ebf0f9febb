"""Braces and wildcards that the shell did not expand: shards/{000..127}.tar, data/**/*.jpg."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator

_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")


def expand_braces(text: str) -> list[str]:
    """Return all expansions of the braces in a text, in order, as bash expands them.

    >>> expand_braces("{train,val}/{08..11}.tar")[:5]
    ['train/08.tar', 'train/09.tar', 'train/10.tar', 'train/11.tar', 'val/08.tar']
    """
    for match in _BRACES.finditer(text):
        if choices := list(_choices(match[1])):
            head, tail = text[: match.start()], expand_braces(text[match.end() :])
            return [head + choice + rest for choice in choices for rest in tail]
    return [text]


def _choices(inner: str) -> Iterator[str]:
    """Yield the expansions of one pair of braces; nothing if it is literal text."""
    if ends := _RANGE.fullmatch(inner):
        first, last = int(ends[1]), int(ends[2])
        padded = any(re.match("-?0[0-9]", end) for end in ends.groups())
        width = max(map(len, ends.groups())) if padded else 0
        step = 1 if last >= first else -1
        yield from (f"{number:0{width}}" for number in range(first, last + step, step))
    elif "," in inner:
        yield from inner.split(",")


def has_wildcard(location: bytes) -> bool:
    """Whether a location has wildcards; in a web address, "?" and "[" are literal."""
    if location.startswith((b"http://", b"https://")):
        return b"*" in location
    return glob.has_magic(location)


def expand_wildcards(pattern: bytes, cwd: bytes) -> list[bytes]:
    """Return the names that match a pattern, as the shell lists them; ** is any number of folders.

    With **, which enters every folder, folders themselves are left out.
    """
    found = glob.iglob(pattern, root_dir=cwd or None, recursive=True)
    if b"**" in pattern:
        return sorted(name for name in found if not os.path.isdir(os.path.join(cwd, name)))
    return sorted(found)
