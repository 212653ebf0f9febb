"""Where the images of several results are, and what became of them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from bnstat.errors import MergeError
from bnstat.merging.agreement import Document
from bnstat.result import MOST_WARNINGS, Failure, FileList, Shards, Source, Warned, Warnings


def merged_source(documents: Sequence[Document], shards: Shards | None) -> Source:
    """Return the source of results together; `shards` are those that it is of, None is all.

    Shards are of one set, so that the place of the first is the place of all.
    """
    sources = [document.stats.source for document in documents]
    first = sources[0]
    same_set = first.shards is not None
    return Source(
        locations=first.locations if same_set else _locations(sources),
        cwd=first.cwd,
        images=sum(source.images for source in sources),
        skipped=sum(source.skipped for source in sources),
        duplicates=sum(source.duplicates for source in sources),
        deeper_than_8_bits=sum(source.deeper_than_8_bits for source in sources),
        failures=tuple(sorted((f for s in sources for f in s.failures), key=_key)),
        warnings=_warnings([source.warnings for source in sources]),
        fingerprint=f"{sum(map(_fingerprint, documents)) % 2**256:064x}",
        files_from=first.files_from if same_set else _files_from(sources),
        shards=shards,
        unfollowed_links=tuple(sorted({link for s in sources for link in s.unfollowed_links})),
    )


def _locations(sources: Sequence[Source]) -> tuple[str, ...]:
    """Return all locations once, as typed; absolute where results were made in several folders."""
    if len({source.cwd for source in sources}) == 1:
        typed = [location for source in sources for location in source.locations]
    else:
        typed = [_absolute(source.cwd, place) for source in sources for place in source.locations]
    return tuple(dict.fromkeys(typed))


def _absolute(cwd: str, location: str) -> str:
    return location if "://" in location else posixpath.join(cwd, location)


def _files_from(sources: Sequence[Source]) -> FileList | None:
    """Return how the list of images is read; several lists cannot be read again as one."""
    if all(source.files_from is None for source in sources):
        return None
    if len({(s.locations, s.cwd, s.files_from) for s in sources}) == 1:
        return sources[0].files_from
    return FileList(null=False, root=None, again=False)


def _warnings(each: Sequence[Warnings]) -> Warnings:
    first = sorted((warned for warnings in each for warned in warnings.first), key=_key)
    return Warnings(sum(warnings.images for warnings in each), tuple(first[:MOST_WARNINGS]))


def _key(failure: Failure | Warned) -> bytes:
    """Return the key of an image from its text, in which bytes that are not UTF-8 are escaped."""
    text = failure.image.encode(errors="backslashreplace")
    return re.sub(rb"\\x([89a-f][0-9a-f])", lambda found: bytes([int(found[1], 16)]), text)


def _fingerprint(document: Document) -> int:
    text = document.stats.source.fingerprint
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise MergeError(f"{document.name} has no fingerprint of 64 hex digits; compute it again")
    return int(text, 16)
