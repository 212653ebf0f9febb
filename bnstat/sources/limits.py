"""The most pixels, bytes and seconds that an image may take."""

from __future__ import annotations

from dataclasses import dataclass, field

# What is compressed or comes over a network may be of any size, whatever is declared, and is held
# in memory. An uncompressed image of 89 megapixels has as many bytes.
MAX_UNPACKED = 256 << 20


class UnreadableError(Exception):
    """The bytes of an image cannot be read; the message says why."""


@dataclass(frozen=True)
class ReadLimits:
    """Limits on reading a source.

    max_bytes: of the encoded image; None is no limit for a file on a disk, and MAX_UNPACKED for
    what is compressed or comes over a network. network_timeout: seconds without a byte from a
    network; None is no limit.
    """

    max_bytes: int | None = field(default=None, kw_only=True)
    network_timeout: float | None = field(default=None, kw_only=True)

    @property
    def max_unpacked(self) -> int:
        """The most bytes of an image that is compressed or comes over a network."""
        return MAX_UNPACKED if self.max_bytes is None else self.max_bytes

    def check(self, size: int, *, unpacked: bool) -> None:
        """Raise UnreadableError if an image has too many bytes.

        unpacked: it is compressed in its container, or comes over a network.
        """
        most = self.max_unpacked if unpacked else self.max_bytes
        if most is not None and size > most:
            raise UnreadableError(f"has {size} bytes, more than {self._allowed}")

    def check_read(self, size: int) -> None:
        """Raise UnreadableError if more was read than an image may have, however long it is."""
        if size > self.max_unpacked:
            raise UnreadableError(f"has more bytes than {self._allowed}")

    @property
    def _allowed(self) -> str:
        by_default = f"the {MAX_UNPACKED >> 20} MiB that --max-bytes allows by default"
        return "--max-bytes allows" if self.max_bytes is not None else by_default


DEFAULT_LIMITS = ReadLimits()


@dataclass(frozen=True)
class Limits(ReadLimits):
    """The most that one image may take.

    max_pixels, max_bytes: of the image and of its file, checked before it is decoded, or opened;
    truncated: whether an image that is cut off is decoded as far as it can be.
    """

    max_pixels: int
    truncated: bool = field(default=False, kw_only=True)
