"""Where the images of a file are that holds several: a TIFF, an animation, pictures of an MPO.

What a file holds beside its images is no frame: the smaller copies and the masks of a TIFF (tag
NewSubfileType, TIFF 6.0, section 8), the previews and gain maps of a photograph.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from bnstat.decode.image_formats import open_image

_NEW_SUBFILE_TYPE, _REDUCED_OR_MASK = 254, 0b101


def pages(file: IO[bytes]) -> list[int]:
    """Return where Pillow finds the frames of an image file, as it counts."""
    file.seek(0)
    image: Any = open_image(file)
    if not getattr(image, "is_animated", False):
        return [0]
    match image.format:
        case "TIFF":
            return list(_pages_of_tiff(image))
        case "MPO":
            return list(_pictures(image))
    return list(range(image.n_frames))


def _pages_of_tiff(image: Any) -> Iterator[int]:
    """Yield the pages that are images of their own; a broken one is, and fails."""
    page, broken = 0, False
    while True:
        try:
            image.seek(page)
        except EOFError:
            return
        except Exception:
            if broken:  # so is the chain of pages
                return
            broken = True
            yield page
        else:
            broken = False
            if page == 0 or not image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & _REDUCED_OR_MASK:
                yield page
        page += 1


def _pictures(image: Any) -> Iterator[int]:
    """Yield the pictures that have the size of the first; other ones are previews and gain maps."""
    size = image.size
    for index in range(image.n_frames):
        image.seek(index)
        if image.size == size:
            yield index
