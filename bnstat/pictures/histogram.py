"""How often values occur, by channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bnstat.pictures.picture import STYLES, TextTable, Theme, plain_axes, write_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Rows of the table of numbers: shares of the samples within so many equal ranges.
_RANGES = 8
# A name beside a bar that begins further to the left would lie on the numbers of the axis.
_LEFT = 0.08
# Values near an end where samples are clipped may be much more frequent; so many do not show whole.
_CLIPPED = 12


@dataclass(frozen=True)
class Histogram:
    """How often each of 256 values occurs in each channel, with mean and std, in [0, 1]."""

    name: str
    channels: Sequence[str]
    counts: Sequence[Sequence[int]]
    mean: Sequence[float]
    std: Sequence[float]
    height: float = 1.0

    @property
    def title(self) -> str:
        return f"Values of {self.name}"

    @property
    def description(self) -> str:
        figures = zip(self.channels, self.mean, self.std, strict=True)
        said = "; ".join(f"{c}: mean {mean:.3f}, std {std:.3f}" for c, mean, std in figures)
        return f"Histogram of the values of each channel from 0 to 1. {said}."

    def table(self) -> TextTable:
        width = 256 // _RANGES
        rows = []
        for start in range(0, 256, width):
            shares = (sum(c[start : start + width]) / max(1, sum(c)) for c in self.counts)
            label = f"{start / 256:.3f} to {(start + width) / 256:.3f}"
            rows.append((label, *(f"{share:.1%}" for share in shares)))
        return ("value", *self.channels), rows

    def plot(self, ax: Axes, theme: Theme) -> None:
        """Plot a line for each channel; a dot is its mean, a bar one std to both sides."""
        plain_axes(ax, theme)
        values = [i / 255 for i in range(256)]
        shares = [[100 * count / max(1, sum(each)) for count in each] for each in self.counts]
        # What is cut off leaves the top to means and stds.
        limit = 1.2 * max(sorted(each)[-_CLIPPED] for each in shares) or 1.0
        top = limit * (1.06 + 0.075 * len(self.channels))
        for i, color in enumerate(theme.of_channels(self.channels)):
            cut = [min(share, limit) for share in shares[i]]
            ax.plot(values, cut, color=color, linewidth=1.3, linestyle=STYLES[i % len(STYLES)])
        for i, color in enumerate(theme.of_channels(self.channels)):
            level = top - limit * (0.04 + 0.075 * i)
            ends = (max(0.0, self.mean[i] - self.std[i]), min(1.0, self.mean[i] + self.std[i]))
            ax.plot(ends, (level, level), color=color, linewidth=1.3)
            ax.plot(self.mean[i], level, "o", color=color, markersize=4.5)
            _name_beside(ax, self.channels[i], ends, level, color)
        self._mark_cut(ax, shares, limit, theme)
        ax.set(xlim=(0, 1), ylim=(0, top), xlabel="value", ylabel="% of samples")

    def _mark_cut(
        self, ax: Axes, shares: Sequence[Sequence[float]], limit: float, theme: Theme
    ) -> None:
        """Mark values that are more frequent than the picture is high, and say by how much."""
        for each, color in zip(shares, theme.of_channels(self.channels), strict=True):
            cut = [i / 255 for i, share in enumerate(each) if share > limit]
            ax.plot(cut, [limit] * len(cut), "^", color=color, markersize=4, clip_on=False)
        most = max(map(max, shares))
        if most > limit:
            said = f"▲ more than is shown: up to {most:.2g} % of samples"
            ax.set_title(said, loc="right", fontsize=8, color=theme.muted)


def _name_beside(ax: Axes, name: str, ends: tuple[float, float], level: float, color: str) -> None:
    """Write a channel's name at the end of its bar where there is room for it."""
    left = ends[0] >= _LEFT
    at, side = (ends[0] if left else ends[1], level), "right" if left else "left"
    write_beside(ax, name, at, (-4 if left else 4, 0), ha=side, color=color, fontsize=8)
