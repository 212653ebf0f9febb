"""CSV, RFC 4180: a line a channel."""

from __future__ import annotations

import csv
import io

from bnstat.targets.figures import Figures
from bnstat.targets.named_values import named_values
from bnstat.targets.target import BOTH, Target

_EACH = {"channels": "channel", "mean": "mean", "std": "std", "var": "var"}


def render(figures: Figures) -> bytes:
    """Return a table with a header; what holds for all channels stands in every line."""
    values = named_values(figures)
    columns = [values.pop(name) for name in _EACH]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*_EACH.values(), *values])
    writer.writerows([*row, *values.values()] for row in zip(*columns, strict=True))
    return file.getvalue().encode()


TARGET = Target(
    name="csv",
    writes="the figures as CSV, a line a channel",
    render=render,
    file="figures.csv",
    scales=BOTH,
)
