"""The values in JSON, YAML, TOML, CSV and shell variables: figures, and where they come from."""

from __future__ import annotations

from typing import Any

from bnstat.targets.figures import Figures
from bnstat.text import printable


def named_values(figures: Figures) -> dict[str, Any]:
    """Return names and values, as numbers, texts and lists of them.

    `mean`, `std` and `var` are for images in [0, `scale`], one for each of `channels`; `count` is
    the number of samples per channel, one number where all channels have as many.
    """
    counts = figures.stats.count
    return {
        "mean": figures.numbers(figures.mean),
        "std": figures.numbers(figures.std),
        "var": figures.numbers(figures.var),
        "count": counts[0] if len(set(counts)) == 1 else list(counts),
        "scale": figures.scale,
        "channels": [printable(channel) for channel in figures.channels],
        **figures.provenance,
    }
