"""What must be known beside the figures: images that failed, and what was done to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bnstat.result import Stats
from bnstat.show.words import counted
from bnstat.text import printable


def failures(results: Sequence[Stats]) -> Iterator[str]:
    """Yield a line for each failed image; where sources are several, with its own before it."""
    several = len({stats.source.locations for stats in results}) > 1
    for stats in results:
        where = " ".join(stats.source.locations) + "/" if several else ""
        for each in stats.source.failures:
            yield failure(where + each.image, each.reason)


def failure(image: str, reason: str) -> str:
    """Return the line of an image that could not be measured."""
    return f"failed: {printable(image)}: {printable(reason)}"


def remarks(stats: Stats) -> Iterator[str]:
    """Yield lines on what was done to deep images, pixels and Normalize, and on warnings."""
    deep = stats.source.deeper_than_8_bits
    if deep:
        done = "rounded to 8 bits for the pipeline" if stats.pipeline.transforms else "kept in full"
        yield (
            f"{counted(deep, 'image')} deeper than 8 bits: gray was {done}, color is read at 8 "
            "bits; torchvision's ImageFolder would clip them"
        )
    yield from _pixels(stats)
    yield from _read_twice(stats)
    for link in stats.source.unfollowed_links:
        yield (
            f"not followed: {printable(link)} is a link to a folder that contains the source or is "
            "the system's (--follow-links follows it)"
        )
    warned = stats.source.warnings
    if warned.first:
        yield (
            f"Pillow warned of {counted(warned.images, 'image')}, such as "
            f"{printable(warned.first[0].image)}: {printable(warned.first[0].warning)}"
        )
    for warning in stats.pipeline.warnings:
        yield f"making the pipeline gave a warning: {printable(warning)}"
    if stats.pipeline.before_normalize:
        yield (
            f"{printable(str(stats.pipeline.spec))} ends in Normalize: measured before it "
            "(--keep-normalize measures after it)"
        )


def _read_twice(stats: Stats) -> Iterator[str]:
    """Yield a line for each compressed tar of a sample, which can only be read as a whole."""
    compressed = (".gz", ".tgz", ".bz2", ".tbz2", ".tbz", ".xz", ".txz", ".zst", ".tzst")
    for place in stats.source.locations if stats.sample else ():
        if place.endswith(compressed):
            yield (
                f"{printable(place)} is compressed: it was read from beginning to end to list its "
                "images, and again for the sample; a plain .tar or a .zip is read where needed"
            )


def _pixels(stats: Stats) -> Iterator[str]:
    """Yield lines on transparent pixels and on those that were left out."""
    selection = stats.selection
    if selection.alpha == "drop" and selection.transparent:
        yield (
            f"{counted(selection.transparent, 'image')} with transparent pixels, whose hidden "
            "colors counted; --alpha exclude leaves them out"
        )
    if not selection.excludes:
        return
    least, most = min(selection.excluded, default=0), max(selection.excluded, default=0)
    number = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    yield (
        f"left out {number} samples a channel; "
        f"of {counted(selection.empty, 'image')} nothing was left"
    )
