"""Images that are unlike the rest, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bnstat.result.estimates import Floats


@dataclass(frozen=True)
class Outlier:
    """An image that is unlike the rest of its group.

    Attributes
    ----------
    image, location, group
        Its key; the file or archive that holds it; its label, or None.
    reasons
        What is unusual about it, in words, the strongest first.
    score
        The largest absolute robust z; infinity for an image of one colour.
    mean, std
        Of the image, per channel, in [0, 1].
    influence_on_mean, influence_on_std
        The set's figure with the image less that without it, per channel.
    """

    image: str
    location: str
    group: str | None
    reasons: tuple[str, ...]
    score: float
    mean: Floats
    std: Floats
    influence_on_mean: Floats
    influence_on_std: Floats


@dataclass(frozen=True)
class Outliers:
    """The outliers of a set, the strongest first.

    images: looked at; number: of outliers, of which `found` may be the strongest alone.
    """

    images: int
    channels: tuple[str, ...]
    threshold: float
    number: int
    found: tuple[Outlier, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON has them; a score of infinity is null."""
        return {
            "format": "bnstat.outliers",
            "version": 1,
            "images": self.images,
            "channels": self.channels,
            "threshold": self.threshold,
            "number": self.number,
            "outliers": [_dict(outlier) for outlier in self.found],
        }


def _dict(outlier: Outlier) -> dict[str, Any]:
    score = outlier.score if outlier.score < float("inf") else None
    return asdict(outlier) | {"score": score}
