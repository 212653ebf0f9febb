"""The formats of image files that are opened, and the names of those that are not.

Pillow tries each of its formats on a file, whatever the file is called, and some of them start
programs, open what the file contains in any other format, or call code that was registered for
them. Only the formats listed here are tried; docs/security.md says of each of Pillow's others why
it is left out.
"""

from __future__ import annotations

import logging
import struct
from contextlib import suppress
from functools import cache
from typing import IO

from PIL import Image, UnidentifiedImageError

from bnstat.decode.modes import UnmeasurableError
from bnstat.decode.other_files import HEAD_BYTES, what_it_is

# In the order in which they are tried: the most frequent first. Pillow imports the first six by
# itself. A file of several JPEG pictures is opened as JPEG, and has the format MPO then.
OPENED = (
    *("JPEG", "PNG", "BMP", "DIB", "GIF", "PPM"),
    *("AVIF", "JPEG2000", "ICO", "TIFF", "WEBP"),
)
# How files of the most frequent formats begin: they are opened as such, which saves a tenth of what
# a small PNG takes, as Pillow tries one format after the other.
_FREQUENT = {b"\xff\xd8": "JPEG", b"\x89P": "PNG"}
# What Pillow takes for a sign that a file is of another format.
_ANOTHER = (SyntaxError, IndexError, TypeError, struct.error)
# How files begin of which Pillow compares no first bytes, before it reads them.
_FIRST_BYTES = {"IPTC": tuple(bytes((0x1C, record)) for record in (*range(1, 10), 240))}


def open_image(file: IO[bytes]) -> Image.Image:
    """Open an image file of one of the formats in `OPENED`; its pixels are not decoded yet."""
    Image.preinit()
    return _open_frequent(file) or _open_any(file)


def _open_frequent(file: IO[bytes]) -> Image.Image | None:
    """Open a file of a frequent format as Pillow does; return None for any other."""
    name = _FREQUENT.get(file.read(2))
    file.seek(0)
    if name is None:
        return None
    try:
        image: Image.Image = Image.OPEN[name][0](file, "")
    except _ANOTHER:
        file.seek(0)
        return None
    pixels, limit = image.width * image.height, Image.MAX_IMAGE_PIXELS
    if limit is not None and pixels > 2 * limit:
        raise Image.DecompressionBombError(f"Image size ({pixels} pixels) exceeds the limit")
    return image


def _open_any(file: IO[bytes]) -> Image.Image:
    formats = _registered(len(Image.OPEN))
    try:
        return Image.open(file, formats=formats)
    except UnidentifiedImageError:
        _import_others()
        if formats == _registered(len(Image.OPEN)):
            _raise_if_known(file)
            raise
    return _open_any(file)


@cache
def _registered(imported: int) -> list[str]:
    """Return the imported formats; for one that is not, Pillow would import all of its formats.

    `imported` is how many formats Pillow has imported so far.
    """
    return [name for name in OPENED if name in Image.OPEN]


def _import_others() -> None:
    """Import the formats that Pillow does not import by itself: most sets of images need none."""
    from PIL import (  # noqa: F401
        AvifImagePlugin,
        IcoImagePlugin,
        Jpeg2KImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )


def _raise_if_known(file: IO[bytes]) -> None:
    """Raise UnmeasurableError if the first bytes are those of a known format, or of no image."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    prefix = head[:16]
    for name in OPENED:
        if _begins_like(name, prefix):
            raise UnmeasurableError(f"cannot be read as {name}: {_complaint(name, file)}")
    if (what := what_it_is(head)) is not None:
        raise UnmeasurableError(f"is {what}")
    Image.init()  # imports all formats; comparing first bytes reads nothing else
    others = sorted({*Image.OPEN, *_FIRST_BYTES} - {*OPENED})
    names = " or ".join(name for name in others if _begins_like(name, prefix))
    if names:
        raise UnmeasurableError(f"begins like a {names} file, a format that is not opened")


def _begins_like(name: str, prefix: bytes) -> bool:
    if name in _FIRST_BYTES:
        return prefix.startswith(_FIRST_BYTES[name])
    _, accept = Image.OPEN[name]
    with suppress(IndexError, TypeError, struct.error):  # as Pillow does, of a file too short
        return accept is not None and bool(accept(prefix))
    return False


def _complaint(name: str, file: IO[bytes]) -> str:
    """Return what is wrong with a file of an opened format; Pillow passes over it."""
    factory, accept = Image.OPEN[name]
    file.seek(0)
    missing = accept and accept(file.read(16))
    if isinstance(missing, str):  # Pillow was built without it
        return missing
    file.seek(0)
    logger = logging.getLogger("PIL")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # it was logged when it was opened first
    try:
        factory(file, "")
    except Exception as error:
        return _explained(error)
    finally:
        logger.setLevel(level)
    return "Pillow does not say why"


def _explained(error: Exception) -> str:
    """Return what Pillow says of a header; it raises SyntaxError from what it came across."""
    match error.__cause__:
        case struct.error() | IndexError() | EOFError():
            return "its header is cut off or damaged"
        case KeyError() as missing if str(missing) == str(error):
            return f"{missing} is unknown to Pillow"
    return str(error) or type(error).__name__
