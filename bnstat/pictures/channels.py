"""Channels that are equal, as those of gray images in RGB, are plotted once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def distinct(
    channels: Sequence[str], figures: Sequence[Hashable]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the names of channels with different figures, and where the first of each is.

    >>> distinct(["R", "G", "B", "A"], [0.5, 0.5, 0.5, 1.0])
    (('R, G, B', 'A'), (0, 3))
    """
    places: dict[Hashable, list[int]] = {}
    for place, figure in enumerate(figures):
        places.setdefault(figure, []).append(place)
    names = tuple(", ".join(channels[i] for i in equal) for equal in places.values())
    return names, tuple(equal[0] for equal in places.values())
