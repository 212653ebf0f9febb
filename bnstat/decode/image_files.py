"""Image files: the formats that are opened, what other files are, the frames of a file of several.

Pillow tries each of its formats on a file, whatever the file is called, and some of them start
programs, open what the file contains in any other format, or call code that was registered for
them. Only the formats listed here are tried; docs/security.md says of each of Pillow's others why
it is left out.

What a file holds beside its images is no frame: the smaller copies and the masks of a TIFF (tag
NewSubfileType, TIFF 6.0, section 8), the previews and gain maps of a photograph.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

from PIL import Image, UnidentifiedImageError

from bnstat.decode.modes import UnmeasurableError

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
# Enough for the signatures of DICOM and NIfTI, which do not stand at the beginning.
HEAD_BYTES = 512
# Where a signature stands, as a regular expression, and what a file with it is.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, rb"version https://git-lfs", "a Git LFS pointer, not an image; run git lfs pull"),
    (0, rb"(?i:\s*<!doctype html|\s*<html)", "an HTML page, not an image"),
    (
        0,
        rb"(?i:\s*(<\?xml[^>]*>\s*(<!--.*?-->\s*)?)?(<!doctype svg[^>]*>\s*)?<svg)",
        "an SVG drawing",
    ),
    (0, rb"\s*<\?xml", "an XML file, not an image"),
    (0, rb"\s*[\[{]\s*[\"\[{\]}0-9]", "JSON, not an image"),
    (4, rb"ftyp(hei[cxms]|hev[cx]|mif1|msf1)", "a HEIF image, a format that is not opened"),
    (4, rb"ftyp", "a video, not an image"),
    (0, rb"\x1aE\xdf\xa3|RIFF....AVI ", "a video, not an image"),
    (0, rb"\x93NUMPY", "a NumPy array, not an image"),
    (0, rb"PK\x03\x04.{26}[^/]*/(data\.pkl|version|byteorder)", "a torch checkpoint, not an image"),
    (0, rb"PK\x03\x04.{26}[^/]*\.npy", "a NumPy .npz file, not an image"),
    (0, rb"PK\x03\x04", "a zip archive, not an image"),
    (128, rb"DICM", "a DICOM file, a format that is not opened"),
    (344, rb"n(\+|i)1\x00", "a NIfTI file, a format that is not opened"),
    (0, rb"\x1f\x8b", "compressed by gzip"),
    (0, rb"%PDF", "a PDF file, not an image"),
    (0, rb"PAR1", "a Parquet file; name it so that it ends in .parquet"),
)
_COMPILED = [(at, re.compile(text, re.DOTALL), what) for at, text, what in _SIGNATURES]
_NEW_SUBFILE_TYPE, _REDUCED_OR_MASK, _MASK = 254, 0b101, 0b100


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
    # For a format that is not imported, Pillow would import all of its formats.
    formats = [name for name in OPENED if name in Image.OPEN]
    try:
        return Image.open(file, formats=formats)
    except UnidentifiedImageError:
        _import_others()
        if formats == [name for name in OPENED if name in Image.OPEN]:
            _raise_if_known(file)
            raise
    return _open_any(file)


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


def what_it_is(head: bytes) -> str | None:
    """Return what a file is that begins so, in words behind "is"; None if nobody knows."""
    plain = head.removeprefix(b"\xef\xbb\xbf")
    for at, signature, what in _COMPILED:
        if signature.match(plain if at == 0 else head, at):
            return what
    return None


def pages(file: IO[bytes]) -> list[int]:
    """Return where Pillow finds the frames of an image file, as it counts."""
    file.seek(0)
    image: Any = open_image(file)
    if not getattr(image, "is_animated", False):
        return [0]
    match image.format:
        case "TIFF":
            # Those that are images of their own; a broken one is, and fails.
            return [page for page, kind in _kinds_of_pages(image) if page == 0 or not kind]
        case "MPO":
            return list(_pictures(image))
    return list(range(image.n_frames))


def has_mask(file: IO[bytes]) -> bool:
    """Whether a page of a TIFF is the mask of another."""
    file.seek(0)
    return any(kind & _MASK for _, kind in _kinds_of_pages(open_image(file)))


def _kinds_of_pages(image: Any) -> Iterator[tuple[int, int]]:
    """Yield the pages, and what of a smaller copy and of a mask each is, 0 for an image."""
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
