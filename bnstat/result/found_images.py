"""Images that were looked for, as values: those unlike the rest, and those equal to others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from bnstat.display import Displayed
from bnstat.result.estimates import Floats
from bnstat.result.inputs import Failure


@dataclass(frozen=True)
class Outlier:
    """An image that is unlike the rest of its group.

    Attributes
    ----------
    image, location, group
        Its key; the file or archive that holds it; its label, or None.
    reasons, z
        What is unusual about it, in words, the strongest first; and how many spreads of the group
        each is from its median, infinity for an image of one color.
    score
        All z taken together: (Σ z⁴)^¼.
    mean, std
        Of the image, per channel, in [0, 1].
    influence_on_mean, influence_on_std
        The set's figure with the image less that without it, per channel.
    """

    image: str
    location: str
    group: str | None
    reasons: tuple[str, ...]
    z: tuple[float, ...]
    score: float
    mean: Floats
    std: Floats
    influence_on_mean: Floats
    influence_on_std: Floats


@dataclass(frozen=True)
class Outliers(Displayed):
    """The outliers of a set, the strongest first.

    images: looked at; expect: the most that are outliers; beyond: images with a score above the
    threshold; number: of outliers, of which `found` may be the strongest alone.
    """

    images: int
    channels: tuple[str, ...]
    threshold: float
    expect: int
    beyond: int
    number: int
    found: tuple[Outlier, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON has them; infinity is null."""
        return {
            "format": "bnstat.outliers",
            "version": 1,
            "images": self.images,
            "channels": self.channels,
            "threshold": self.threshold,
            "expect": self.expect,
            "beyond": self.beyond,
            "number": self.number,
            "outliers": [_dict(outlier) for outlier in self.found],
        }


def _dict(outlier: Outlier) -> dict[str, Any]:
    score, *z = (value if isfinite(value) else None for value in (outlier.score, *outlier.z))
    return asdict(outlier) | {"score": score, "z": z}


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
class Duplicates(Displayed):
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
