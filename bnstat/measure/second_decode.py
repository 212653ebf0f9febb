"""A second decode of some images: what is made of the pixels of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from bnstat.decode.references import Decoded, decode_each, with_frames
from bnstat.measure.chunks import chunks
from bnstat.measure.dispatch import dispatch
from bnstat.measure.warm_up import open_workers
from bnstat.result import Failure
from bnstat.settings import Settings
from bnstat.sources.limits import Limits
from bnstat.sources.opening import limits_of
from bnstat.sources.reference import Reference
from bnstat.sources.sources import Sources
from bnstat.text import key_text

T = TypeVar("T")


@dataclass(frozen=True)
class Taken(Generic[T]):
    """Of a chunk: what was made of each image by its row, and (row, reason) of failures."""

    of_rows: dict[int, T]
    failures: list[tuple[int, str]]


@dataclass(frozen=True)
class SecondDecode(Generic[T]):
    """Decodes the images of a chunk and calls `take`, a function of a module; sent to workers."""

    limits: Limits
    take: Callable[[Decoded, Limits], T]

    def __call__(self, chunk: Sequence[Reference]) -> Taken[T]:
        """Return what is made of a chunk's images."""
        found: dict[int, T] = {}

        def use(decoded: Decoded) -> None:
            found[decoded.row] = self.take(decoded, self.limits)

        report = decode_each(chunk, self.limits, use)
        return Taken(found, report.failures)

    def lost(self, reason: str) -> Taken[T]:
        """Return the result for a chunk of one image that has ended its worker."""
        return Taken({}, [(0, reason)])


def decode_again(
    images: Sources,
    wanted: Collection[str],
    take: Callable[[Decoded, Limits], T],
    settings: Settings,
) -> Iterator[tuple[str, T | Failure]]:
    """Yield the key of each wanted image, and what is made of it, or why it failed."""
    limits = limits_of(settings)
    every = with_frames(images, settings["frames"], limits)
    chosen = (reference for reference in every if key_text(reference.key) in wanted)
    with closing(open_workers(settings, pipeline=False)) as engine:
        work = SecondDecode(limits, take)
        for chunk, taken in dispatch(chunks(chosen), work, engine):
            names = [key_text(reference.key) for reference in chunk]
            yield from ((names[row], made) for row, made in taken.of_rows.items())
            yield from ((names[row], Failure(names[row], why)) for row, why in taken.failures)
