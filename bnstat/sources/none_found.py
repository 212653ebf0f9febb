"""What is said of sources without an image: what is there, and how it can be measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from bnstat.sources.formats import holds_images
from bnstat.sources.naming import IMG_EXTENSIONS

_VIDEOS = {".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"}
_MOST_NAMED = 3


def none_found(
    locations: Sequence[str], others: Mapping[str, int], skipped: int, *, listed: bool
) -> str:
    """Return the message for sources in which there is no image.

    others: how many files of other extensions there are in folders, by extension; skipped: how many
    there are anywhere; listed: whether a list names the images.
    """
    where = " ".join(locations)
    if listed:
        return f"the list {where} names no image"
    archives = Counter({s: n for s, n in others.items() if holds_images(s.encode())})
    if archives:
        [(suffix, number)] = archives.most_common(1)
        pattern = f"'{locations[0].rstrip('/')}/**/*{suffix}'"
        return f"no images in {where}, but {_counted(number, suffix)}; name them: {pattern}"
    videos = sum(number for suffix, number in others.items() if suffix in _VIDEOS)
    if videos and videos == skipped:
        return (
            f"no images in {where}, but {_counted(videos, 'video')}, which bnstat does not read; "
            "save their frames as images first"
        )
    suffixes = [suffix for suffix, _ in Counter(others).most_common(_MOST_NAMED) if suffix]
    found = _counted(skipped, "other") if skipped else "no files"
    kinds = f" ({', '.join(suffixes)})" if suffixes else ""
    return (
        f"no images in {where}, which has {found}{kinds}; images end in "
        f"{', '.join(IMG_EXTENSIONS)}; name other files to have them opened"
    )


def _counted(number: int, kind: str) -> str:
    return f"{number} {kind} file{'s' * (number != 1)}"
