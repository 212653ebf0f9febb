"""How far a run is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a scan is: images done, how many of them failed, bytes read, and images in all.

    `total` is None as long as it is not known. `margin` is that of a growing sample when it was
    last looked at.
    """

    images: int
    failures: int
    bytes: int
    total: int | None
    margin: float | None = None
