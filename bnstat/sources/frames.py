"""The frames of files that hold several images: which are asked for, and their keys."""

from __future__ import annotations

import re
from typing import NamedTuple

FIRST, ALL = "first", "all"
# A "#" of a name is doubled where frames are named, so that an odd number of them tells a frame.
_FRAME = re.compile(rb"(?<!#)((?:##)*)#[0-9]+\Z")


class Frame(NamedTuple):
    """Which image of a file a reference is to.

    page: where Pillow finds it; of: how many of the file are measured.
    """

    page: int
    of: int


def frame_key(key: bytes, index: int | None) -> bytes:
    """Return the key of a frame of a file, or with None that of a file with one image.

    >>> frame_key(b"stack.tif", 3), frame_key(b"a#3", None), file_key(frame_key(b"a#", 3))
    (b'stack.tif#3', b'a##3', b'a#')
    """
    escaped = key.replace(b"#", b"##")
    return escaped if index is None else b"%s#%d" % (escaped, index)


def file_key(key: bytes) -> bytes:
    """Return the key of the file that a frame, or the only image, is of."""
    return _FRAME.sub(rb"\1", key).replace(b"##", b"#")


def chosen_frames(asked: str, there: int) -> range:
    """Return which of the frames are asked for: first, all or N:M:STEP.

    >>> chosen_frames("1::2", 5), chosen_frames("-2:", 5)
    (range(1, 5, 2), range(3, 5))
    """
    if asked in (FIRST, ALL):
        return range(there)[: 1 if asked == FIRST else None]
    return range(there)[slice(*(int(number) if number else None for number in asked.split(":")))]
