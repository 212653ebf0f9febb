"""What a file is that is no image, by its first bytes: what is found under names of images.

Pillow knows some of them by itself, such as HDF5 and MPEG.
"""

from __future__ import annotations

import re

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


def what_it_is(head: bytes) -> str | None:
    """Return what a file is that begins so, in words behind "is"; None if nobody knows."""
    plain = head.removeprefix(b"\xef\xbb\xbf")
    for at, signature, what in _COMPILED:
        if signature.match(plain if at == 0 else head, at):
            return what
    return None
