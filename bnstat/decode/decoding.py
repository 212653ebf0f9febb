"""A file to a decoded image, whole or not at all."""

from __future__ import annotations

import logging
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any, Protocol, TypeAlias

from PIL import Image, ImageFile, UnidentifiedImageError

from bnstat.decode.image_files import has_mask, open_image, pages
from bnstat.decode.jpeg import CutOffError, check_whole
from bnstat.decode.modes import MASK, UnmeasurableError, as_stored, forget_notes, note
from bnstat.decode.png import SIGNATURE, check_pixels, load_small_png
from bnstat.decode.samples import (
    deeper_than_8_bits,
    find_visible,
    load_jpeg_2000,
    load_tiff,
    raw_mode,
)
from bnstat.moments import SampleError
from bnstat.sources.bounds import UnreadableError
from bnstat.text import printable

_JPEG = ("JPEG", "MPO")
# Gray of fewer bits than Pillow gives; its tRNS has as few.
_FEW_BITS = {"L;2": 2, "L;4": 4}
# Pillow's words for gray of fewer bits than 8, for inverted gray, and for bits in reverse order.
_GRAY = re.compile("(1|L);?([24]?)(I?)R?")

# A decoded image, and whether it is deeper than 8 bits.
Loaded: TypeAlias = tuple[Image.Image, bool]


class Loading(Protocol):
    """Decodes an image; without `whole`, as far as its data reach."""

    def __call__(self, *, whole: bool) -> Loaded: ...


@contextmanager
def strict_pillow(max_pixels: int) -> Iterator[list[str]]:
    """Decode without leniency while this lasts, and leave Pillow's settings as they were.

    Truncated files are errors, whatever the program around has set, and so is an image of more
    than `max_pixels`: Pillow compares with twice its limit, and warns above once, which is
    silenced here. Its other warnings go into the list that this gives, nobody else's anywhere. What
    it logs reaches handlers, if there are any, and not stderr.
    """
    logger, nowhere = logging.getLogger("PIL"), logging.NullHandler()
    truncated, limit = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    logger.addHandler(nowhere)
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = max_pixels / 2  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("always", module=r"PIL\.")
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            warned: list[str] = []
            warnings.showwarning = lambda message, *_: warned.append(_one_line(str(message)))
            yield warned
    finally:
        logger.removeHandler(nowhere)
        ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = truncated, limit


def can_be_opened(path: str) -> bool:
    """Whether Pillow knows what is in a file; its pixels are not decoded."""
    try:
        with strict_pillow(2**62), open(path, "rb") as file, open_image(file):
            return True
    except Exception:
        return False


def as_far_as_it_reaches(load: Loading) -> Loaded:
    """Return what is loaded; of an image that is cut off, what there is of it."""
    try:
        return load(whole=True)
    except CutOffError:
        pass
    except OSError as error:
        if error.strerror or "truncated" not in str(error).lower():
            raise
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image, deep = load(whole=False)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    note(image, "truncated")
    return image, deep


def load(file: IO[bytes], *, whole: bool = True) -> Loaded:
    if (small := load_small_png(file)) is not None:
        return small, False
    file.seek(0)
    image: Any = open_whole(file)
    several = getattr(image, "is_animated", False)  # asked later, a GIF would lose its pixels
    image, deep = load_opened(image, file, whole=whole)
    with suppress(Exception):  # the first was read, and is measured
        if several and image.format == "TIFF" and has_mask(file):
            image.info[MASK] = None  # who opened the file knows how
        if several and (frames := len(pages(file))) > 1:
            note(image, "frames", f"{frames} frames", frames)
    return image, deep


def open_whole(file: IO[bytes]) -> Any:
    """Return an opened image, whose tRNS is in the unit of the samples that Pillow gives."""
    image: Any = open_image(file)
    key, bits = image.info.get("transparency"), _FEW_BITS.get(raw_mode(image))
    if bits is not None and isinstance(key, int):
        image.info["transparency"] = key * 255 // (2**bits - 1)
    return image


def load_opened(
    image: Any, file: IO[bytes], page: int | None = None, *, whole: bool = True
) -> Loaded:
    """Return an opened image, or that at a page, decoded, and if it is deep; see `Loading`."""
    if page is not None:
        image.seek(page)
        forget_notes(image)
    deep = deeper_than_8_bits(image, file)
    if image.format == "PNG":
        check_pixels(file, last=page, whole=whole)
    elif image.format == "ICO":
        _check_icon(image, file)
    key, raw = image.info.get("transparency"), raw_mode(image)
    if image.format == "TIFF":
        image = load_tiff(image)
    elif image.format == "JPEG2000":
        image = load_jpeg_2000(image, file)
    else:
        image.load()
    if isinstance(key, tuple) and raw == "RGB;16B":
        image = find_visible(image, file)
    if whole and (image.format in _JPEG or image.info.get("compression") == "jpeg"):
        check_whole(image, file)
    if 0 in image.size:
        raise UnmeasurableError("has no pixels")
    return image, deep


def loaded(image: Any) -> tuple[Any, bool]:
    """Return an image that is no file's, decoded, and whether it is deeper than 8 bits.

    A PIL image may not have been read yet; an array or a tensor is as deep as it says itself.
    """
    if not isinstance(image, Image.Image):
        return image, False
    deep = deeper_than_8_bits(image, None)
    image.load()
    if 0 in image.size:
        raise UnmeasurableError("has no pixels")
    return image, deep


def _check_icon(image: Any, file: IO[bytes]) -> None:
    """Compare the checksums of the picture of an icon that is to be loaded, if that is a PNG."""
    icon = image.ico
    start = icon.entry[icon.getentryindex(image.size)].offset
    file.seek(start)
    if file.read(len(SIGNATURE)) == SIGNATURE:
        check_pixels(file, start)


def reason(error: Exception, size: int) -> str:
    """Return, in one line, why a file of `size` bytes could not be measured."""
    return _one_line(_cause(error, size))


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _cause(error: Exception, size: int) -> str:
    match error:
        case UnmeasurableError() | SampleError() | UnreadableError():
            return str(error)
        case UnidentifiedImageError():
            return "is not an image of a known format" if size else "is empty"
        case Image.DecompressionBombError():
            pixels = re.search(r"[0-9]+", str(error))  # in the limit it reports, ours is halved
            return f"has {pixels[0] if pixels else 'more'} pixels, more than --max-pixels allows"
        case MemoryError():
            return "needs more memory than there is"
        case OSError() if error.strerror:
            return error.strerror
        case OSError() | SyntaxError() | struct.error():
            return f"is broken: {error}"
    return f"is broken: {type(error).__name__}: {error}"


def load_labels(file: IO[bytes], page: int | None = None) -> Image.Image:
    """Return a decoded label map with the values that are stored in its file.

    Pillow spreads samples of few bits over 0 to 255, and inverts those of a TIFF in which 0 is
    white.
    """
    opened: Any = open_image(file)
    if page is not None:
        opened.seek(page)
    raw = _GRAY.fullmatch(raw_mode(opened))
    image, _ = load_opened(opened, file, page)
    if opened.format in _JPEG:
        note(image, "lossy-masks")
    return as_stored(image) if raw is None else _stored(image, raw)


def _stored(image: Image.Image, raw: re.Match[str]) -> Image.Image:
    largest = 1 if raw[1] == "1" else 2 ** int(raw[2] or 8) - 1
    labels = [value * largest // 255 for value in range(256)]
    if raw[3]:
        labels = [largest - label for label in labels]
    return image.convert("L").point(labels)
