"""Mean and std of groups, beside those of the whole, and of rows, beside the baseline's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bnstat.pictures.picture import TextTable, Theme, parts, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# More groups are not plotted; the table of numbers has them all.
MAX_GROUPS = 24
_LONGEST = 28


@dataclass(frozen=True)
class GroupFigures:
    """Mean and std by channel of each group, (G, C), and of the whole, in [0, 1]."""

    channels: Sequence[str]
    labels: Sequence[str]
    images: Sequence[int]
    mean: Sequence[Sequence[float]]
    std: Sequence[Sequence[float]]
    whole_mean: Sequence[float]
    whole_std: Sequence[float]

    @property
    def height(self) -> float:
        return 0.45 + 0.085 * min(len(self.labels), MAX_GROUPS)

    @property
    def title(self) -> str:
        shown = min(len(self.labels), MAX_GROUPS)
        number = f"the {shown} largest of {len(self.labels):,} groups"
        return f"Mean and std of {number if shown < len(self.labels) else 'each group'}"

    @property
    def description(self) -> str:
        return (
            f"For each of {len(self.labels):,} groups the mean of each channel, with one std to "
            "both sides; lines mark the means of the whole."
        )

    def table(self) -> TextTable:
        rows = [
            (label, f"{n:,}", *(f"{v:.4f}" for v in (*mean, *std)))
            for label, n, mean, std in zip(
                self.labels, self.images, self.mean, self.std, strict=True
            )
        ]
        return ("group", "images", *_heads(self.channels)), rows

    def plot(self, ax: Axes, theme: Theme) -> None:
        """Plot small multiples: a column for each channel, a line for each group."""
        ax.axis("off")
        order = sorted(range(len(self.labels)), key=lambda i: -self.images[i])[:MAX_GROUPS]
        order.sort(key=lambda i: -self.mean[i][0])
        number, gap, left = len(self.channels), 0.035, 0.2
        width = (1.0 - left - gap * (number - 1)) / number
        colors = theme.of_channels(self.channels)
        limits = self._limits(order)
        for c in range(number):
            own = ax.inset_axes((left + c * (width + gap), 0.0, width, 1.0))
            plain_axes(own, theme, grid="x")
            own.axvline(self.whole_mean[c], color=theme.muted, linewidth=1)
            for y, i in enumerate(order):
                mean, std = self.mean[i][c], self.std[i][c]
                own.plot((mean - std, mean + std), (y, y), color=colors[c], linewidth=1.2)
                own.plot(mean, y, "o", color=colors[c], markersize=4)
            own.set(xlim=limits, ylim=(len(order) - 0.5, -0.5), xlabel=self.channels[c])
            own.set_yticks(range(len(order)), [_short(self.labels[i]) for i in order])
            if c:
                own.tick_params(labelleft=False)

    def _limits(self, shown: Sequence[int]) -> tuple[float, float]:
        """Return what the axes of all channels span: the bars of the groups, and some more."""
        rows = [(m, s) for i in shown for m, s in zip(self.mean[i], self.std[i], strict=True)]
        low = min((*(m - s for m, s in rows), *self.whole_mean))
        high = max((*(m + s for m, s in rows), *self.whole_mean))
        more = 0.05 * (high - low) or 0.05
        return low - more, high + more


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
        return 0.7 + 0.16 * len(self.names)

    @property
    def title(self) -> str:
        return f"Differences from {self.baseline}"

    @property
    def description(self) -> str:
        largest = max((abs(v) for row in (*self.mean, *self.std) for v in row), default=0.0)
        return (
            f"Differences of mean and std of {len(self.names):,} rows from {self.baseline}; the "
            f"largest is {largest:.3g}."
        )

    def table(self) -> TextTable:
        rows = [
            (name, *(f"{v:+.4f}" for v in (*mean, *std)))
            for name, mean, std in zip(self.names, self.mean, self.std, strict=True)
        ]
        return ("row", *_heads(self.channels)), rows

    def plot(self, ax: Axes, theme: Theme) -> None:
        """Plot a mark for each channel of each row, with its margin, above a line at 0."""
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


def _heads(channels: Sequence[str]) -> list[str]:
    return [f"{figure} {c}" for figure in ("mean", "std") for c in channels]


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
