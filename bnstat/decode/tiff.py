"""TIFF: what the file declares of its samples, and what libtiff says of decoding them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

from bnstat.decode.depth import check_unsigned
from bnstat.decode.modes import UnmeasurableError, with_bits

# Tags of TIFF 6.0, sections 8 and 19; a SampleFormat of 2 is two's complement.
_BITS_PER_SAMPLE, _SAMPLE_FORMAT, _SIGNED = 258, 339, 2
# As in "Fax4Decode: Bad code word at line 22 of strip 0 (x 28)."; other complaints are of tags.
_DECODING = re.compile(rb"\w+Decode\w*: .*[^.\n]")
_MISSING = re.compile(rb"([\w ]+) compression support is not configured")


def load_tiff(image: Any) -> Image.Image:
    """Load an opened image; 12-bit gray knows its bits.

    Raises
    ------
    UnmeasurableError
        If its samples are signed, or libtiff has no decoder for them, or has gone on after what it
        could not decode, as it does with lines of fax-coded images.
    """
    bits = image.tag_v2.get(_BITS_PER_SAMPLE, (1,))[0]
    check_unsigned(bits, _SIGNED in image.tag_v2.get(_SAMPLE_FORMAT, ()))
    with _libtiff_heard() as heard:
        try:
            image.load()
        finally:
            _raise_complaint(os.pread(heard, 4096, 0))
    return with_bits(image, bits)


def _raise_complaint(heard: bytes) -> None:
    """Raise UnmeasurableError for what libtiff says nowhere but on stderr."""
    if missing := _MISSING.search(heard):
        method = missing[1].decode(errors="replace")
        raise UnmeasurableError(f"is compressed by {method}, which this Pillow does not decode")
    if complaint := _DECODING.search(heard):
        raise UnmeasurableError(f"is broken: {complaint[0].decode(errors='replace')}")


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
