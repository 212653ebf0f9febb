"""Images with equal pixels, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bnstat.result.source import Failure


@dataclass(frozen=True)
class EqualImages:
    """Images whose decoded pixels are equal.

    images: their keys, in order; width, height: in pixels; mode: Pillow's; across: whether they
    are of more than one source.
    """

    images: tuple[str, ...]
    width: int
    height: int
    mode: str
    across: bool


@dataclass(frozen=True)
class Duplicates:
    """All images of a set that are equal to others.

    images: looked at; candidates: of these, with moments equal to another's, which were decoded a
    second time; sets: of equal images, by their first key; failures: images that could not be read.
    """

    images: int
    candidates: int
    sets: tuple[EqualImages, ...]
    failures: tuple[Failure, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON has them."""
        return {"format": "bnstat.duplicates", "version": 1, **asdict(self)}
