"""A file to a decoded image, whole or not at all."""

from __future__ import annotations

import logging
import os
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from PIL import Image, ImageFile, UnidentifiedImageError

from bnstat.images.image_formats import open_image
from bnstat.images.limits import UnreadableError
from bnstat.images.modes import FLOAT, GRAY_16, UnmeasurableError
from bnstat.images.png_checksums import SIGNATURE, check_pixels
from bnstat.moments import NotFiniteError
from bnstat.text import printable

_DEEP = frozenset((*GRAY_16, FLOAT, "I"))
# As in "Fax4Decode: Bad code word at line 22 of strip 0 (x 28)."; other complaints are of tags.
_DECODING = re.compile(rb"\w+Decode\w*: .*[^.\n]")


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


def deeper_than_8_bits(image: Image.Image) -> bool:
    """Whether an opened image's file has more than 8 bits a sample; ask before it is loaded."""
    if image.mode in _DEEP:
        return True
    return any(_tells_depth(tile.args) for tile in getattr(image, "tile", ()))


def _tells_depth(args: object) -> bool:
    """Whether a decoder is told a raw mode such as "RGB;16B", or PPM's largest value."""
    if isinstance(args, str):
        return ";16" in args
    if not isinstance(args, tuple):
        return False
    if len(args) == 2 and isinstance(args[1], int):  # PPM: (mode, largest value)
        return args[1] > 255
    return any(isinstance(part, str) and ";16" in part for part in args)


def load(file: IO[bytes]) -> tuple[Image.Image, bool]:
    """Return the decoded first frame of an image, and whether it is deeper than 8 bits.

    Raises
    ------
    Exception
        Of whatever kind Pillow and its decoders raise on bad files; see `reason`.
    """
    image = open_image(file)
    deep = deeper_than_8_bits(image)
    match image.format:
        case "PNG":
            check_pixels(file)
            image.load()
        case "ICO":
            _check_icon(image, file)
            image.load()
        case "TIFF":
            _load_tiff(image)
        case _:
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


@contextmanager
def _libtiff_heard() -> Iterator[int]:
    """Keep what libtiff itself prints off stderr; give the file that it goes to."""
    try:
        stderr = os.dup(2)
    except OSError:  # it is closed
        stderr = os.open(os.devnull, os.O_RDWR)
    in_memory = hasattr(os, "memfd_create")  # Linux
    heard = os.memfd_create("libtiff") if in_memory else os.open(os.devnull, os.O_RDWR)
    try:
        os.dup2(heard, 2)
        yield heard
    finally:
        os.dup2(stderr, 2)
        for handle in {stderr, heard} - {2}:
            os.close(handle)


def _load_tiff(image: Image.Image) -> None:
    """Load a TIFF; raise UnmeasurableError where libtiff went on after what it could not decode.

    It does so with lines of fax-coded images, and says it nowhere but on stderr.
    """
    with _libtiff_heard() as heard:
        image.load()
        complaint = _DECODING.search(os.pread(heard, 4096, 0))
    if complaint is not None:
        raise UnmeasurableError(f"is broken: {complaint[0].decode(errors='replace')}")


def reason(error: Exception, size: int) -> str:
    """Return, in one line, why a file of `size` bytes could not be measured."""
    return _one_line(_cause(error, size))


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _cause(error: Exception, size: int) -> str:
    match error:
        case UnmeasurableError() | NotFiniteError() | UnreadableError():
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
