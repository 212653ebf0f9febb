"""Where the images of a result are, and what was done to them, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Failure:
    """An image that could not be measured: its key, and why."""

    image: str
    reason: str


@dataclass(frozen=True)
class Warned:
    """An image that Pillow warned of, though it could be measured or not: key, and what it said."""

    image: str
    warning: str


MOST_WARNINGS = 20


@dataclass(frozen=True)
class Warnings:
    """How many images Pillow warned of, and the first of them by key, at most MOST_WARNINGS."""

    images: int = 0
    first: tuple[Warned, ...] = ()


@dataclass(frozen=True)
class Shards:
    """Some of the `of` disjoint shards of a set of images; `indices` count from 1 and ascend."""

    indices: tuple[int, ...]
    of: int

    def __str__(self) -> str:
        """Return them as they are typed: "2/8", or "1/8, 3/8".

        >>> str(Shards((1, 3), 8))
        '1/8, 3/8'
        """
        return ", ".join(f"{index}/{self.of}" for index in self.indices)


@dataclass(frozen=True)
class FileList:
    """How the list of images in `Source.locations` is read.

    null: names end in NUL, not in newline; root: a folder that their keys leave out; again: whether
    the list can be read a second time (standard input and pipes cannot).
    """

    null: bool
    root: str | None
    again: bool


@dataclass(frozen=True)
class Source:
    """Where the images are, and what became of them.

    `locations` are as typed, relative to `cwd`; with `files_from`, the one location is a list of
    images. `images` were measured, `skipped` files have no image extension. `fingerprint` is the
    sum modulo 2²⁵⁶ of blake2b-256(key, size, mtime) over all images found, as 64 hex digits.
    `shards` are those that were measured, None for all images. `warnings` are Pillow's;
    `unfollowed_links` lead to folders that contain the source, or are the system's.
    """

    locations: tuple[str, ...]
    cwd: str
    images: int
    skipped: int
    duplicates: int
    deeper_than_8_bits: int
    failures: tuple[Failure, ...]
    fingerprint: str
    files_from: FileList | None = None
    shards: Shards | None = None
    warnings: Warnings = Warnings()
    unfollowed_links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """What was done to each image before it was measured; `spec` is None for nothing.

    `before_normalize`: whether a Normalize at the end was left out; `warnings`: what libraries
    warned of when it was made.
    """

    spec: str | None
    transforms: tuple[str, ...]
    seed: int
    epochs: int
    before_normalize: bool = False
    warnings: tuple[str, ...] = ()
