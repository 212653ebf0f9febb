"""A stream of references, cut into chunks of about the same work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bnstat.sources.reference import Reference

# Decoding takes time in proportion to the file's bytes, and some for each file. A chunk is small
# enough that workers end together, and large enough that sending it costs nothing beside it.
_MOST_BYTES = 2 << 20
_MOST_IMAGES = 512


def chunks(references: Iterable[Reference], ends: Iterable[int] = ()) -> Iterator[list[Reference]]:
    """Yield the references in order, in chunks of at most 2 MiB, if of more than one image.

    `ends` are numbers of images, ascending, after which a chunk ends, too.
    """
    chunk: list[Reference] = []
    size = 0
    coming = iter(ends)
    end = next(coming, None)
    for number, reference in enumerate(references):
        if number == end:
            if chunk:
                yield chunk
            chunk, size, end = [], 0, next(coming, None)
        if chunk and (size + reference.size > _MOST_BYTES or len(chunk) == _MOST_IMAGES):
            yield chunk
            chunk, size = [], 0
        chunk.append(reference)
        size += reference.size
        if size >= _MOST_BYTES:  # now, as the next reference may hold another image's bytes
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
