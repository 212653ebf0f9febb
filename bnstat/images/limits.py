"""The most pixels, bytes and seconds that an image may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The most that one image may take.

    max_pixels, max_bytes: of an image and of its file, found before it is decoded, or opened;
    timeout: seconds to decode, draw and count it, after which its worker is ended.
    """

    max_pixels: int
    max_bytes: int | None = None
    timeout: float | None = None
