"""Where the images of a file are that holds several: a TIFF, an animation, pictures of an MPO.

What a file holds beside its images is no frame: the smaller copies and the masks of a TIFF (tag
NewSubfileType, TIFF 6.0, section 8), the previews and gain maps of a photograph.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from bnstat.decode.image_formats import open_image

_NEW_SUBFILE_TYPE, _REDUCED_OR_MASK, _MASK = 254, 0b101, 0b100


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


def has_mask(file: IO[bytes]) -> bool:
    """Whether a page of a TIFF is the mask of another."""
    file.seek(0)
    return any(kind & _MASK for _, kind in _kinds_of_pages(open_image(file)))


def _pages_of_tiff(image: Any) -> Iterator[int]:
    """Yield the pages that are images of their own; a broken one is, and fails."""
    return (page for page, kind in _kinds_of_pages(image) if page == 0 or not kind)


def _kinds_of_pages(image: Any) -> Iterator[tuple[int, int]]:
    """Yield the pages, and what of a smaller copy and of a mask each is, 0 for an image.

    Pillow reads no mask, but its tags.
    """
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
        else:
            broken = False
        yield page, image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & (_MASK if broken else _REDUCED_OR_MASK)
        page += 1


def _pictures(image: Any) -> Iterator[int]:
    """Yield the pictures that have the size of the first; other ones are previews and gain maps."""
    size = image.size
    for index in range(image.n_frames):
        image.seek(index)
        if image.size == size:
            yield index
