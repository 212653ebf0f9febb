"""Mean and std of rows beside the baseline's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bnstat.pictures.picture import parts, plain_axes
from bnstat.pictures.theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST = 30


@dataclass(frozen=True)
class Differences:
    """Differences of mean and std from the baseline's, (R, C), in [0, 1]; margins likewise."""

    baseline: str
    channels: Sequence[str]
    names: Sequence[str]
    mean: Sequence[Sequence[float]]
    std: Sequence[Sequence[float]]
    mean_margin: Sequence[Sequence[float]]
    std_margin: Sequence[Sequence[float]]

    @property
    def height(self) -> float:
        """How high it is, as a multiple of the usual height."""
        return 0.7 + 0.16 * len(self.names)

    @property
    def title(self) -> str:
        """A line that says what is shown."""
        return f"Differences from {self.baseline}"

    @property
    def description(self) -> str:
        """What it shows, for those who do not see it."""
        largest = max((abs(v) for row in (*self.mean, *self.std) for v in row), default=0.0)
        return (
            f"Differences of mean and std of {len(self.names):,} rows from {self.baseline}; the "
            f"largest is {largest:.3g}."
        )

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Return the differences."""
        heads = [f"{figure} {c}" for figure in ("mean", "std") for c in self.channels]
        rows = [
            (name, *(f"{v:+.4f}" for v in (*mean, *std)))
            for name, mean, std in zip(self.names, self.mean, self.std, strict=True)
        ]
        return ("row", *heads), rows

    def draw(self, ax: Axes, theme: Theme) -> None:
        """Draw a mark for each channel of each row, with its margin, above a line at 0."""
        pair = parts(ax, 2, gap=0.3 / self.height)
        figures = (("mean", self.mean, self.mean_margin), ("std", self.std, self.std_margin))
        colors = theme.of_channels(self.channels)
        spread = 0.6 / max(1, len(self.channels))
        for below, (name, values, margins) in zip(pair, figures, strict=True):
            plain_axes(below, theme, grid="x")
            below.axvline(0, color=theme.muted, linewidth=1)
            for c, color in enumerate(colors):
                for r, row in enumerate(values):
                    y = r + (c - (len(colors) - 1) / 2) * spread
                    half = margins[r][c] if margins else 0.0
                    below.errorbar(
                        row[c], y, xerr=half or None, fmt="o", color=color, markersize=4, capsize=2
                    )
            below.set_yticks(range(len(self.names)), [_short(each) for each in self.names])
            below.set_ylim(len(self.names) - 0.5, -0.5)
            below.set_xlabel(f"difference of the {name}")


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
