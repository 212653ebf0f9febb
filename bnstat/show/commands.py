"""Commands that a person is advised to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from bnstat.result import Source
from bnstat.text import printable

# Longer ones are left to the reader.
_LONGEST = 100
_REPEATED = ("include", "exclude", "where")
_SINGLE = ("files_column", "column", "array", "layout")


def compute(source: Source, spec: str) -> str:
    """Return the command that measures the images of a source under a pipeline."""
    names = source.dataset is None or source.dataset.name is not None
    words = printable(shlex.join(_images(source))) if names else ""
    if not words or len(words) > _LONGEST:
        words = "SOURCE..."
    return f"bnstat compute {words} --augment {shlex.quote(spec)}"


def _images(source: Source) -> Iterator[str]:
    """Yield the words that name the images: sources, and the options that choose of them."""
    if source.files_from is not None:
        yield from ("--files-from", *source.locations)
        yield from ("--null",) * source.files_from.null
        if source.files_from.root is not None:
            yield from ("--root", source.files_from.root)
    elif source.dataset is not None:
        yield from ("--dataset", source.dataset.name or "")
    else:
        yield from source.locations
    for name in _REPEATED:
        for value in getattr(source, name) or ():
            yield from (f"--{name}", value)
    for name in _SINGLE:
        if (value := getattr(source, name)) is not None:
            yield from ("--" + name.replace("_", "-"), value)
