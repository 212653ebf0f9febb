"""Mean and std of each group, beside those of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bnstat.pictures.picture import plain_axes
from bnstat.pictures.theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# More groups are not drawn; the table of numbers has them all.
MOST_GROUPS = 24
_LONGEST = 26


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
        """How high it is, as a multiple of the usual height."""
        return 0.45 + 0.085 * min(len(self.labels), MOST_GROUPS)

    @property
    def title(self) -> str:
        """A line that says what is shown."""
        shown = min(len(self.labels), MOST_GROUPS)
        number = f"the {shown} largest of {len(self.labels):,} groups"
        return f"Mean and std of {number if shown < len(self.labels) else 'each group'}"

    @property
    def description(self) -> str:
        """What it shows, for those who do not see it."""
        return (
            f"For each of {len(self.labels):,} groups the mean of each channel, with one std to "
            "both sides; lines mark the means of the whole."
        )

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Return images, mean and std of each group."""
        heads = [f"{figure} {c}" for figure in ("mean", "std") for c in self.channels]
        rows = [
            (label, f"{n:,}", *(f"{v:.4f}" for v in (*mean, *std)))
            for label, n, mean, std in zip(
                self.labels, self.images, self.mean, self.std, strict=True
            )
        ]
        return ("group", "images", *heads), rows

    def draw(self, ax: Axes, theme: Theme) -> None:
        """Draw small multiples: a column for each channel, a line for each group."""
        ax.axis("off")
        order = sorted(range(len(self.labels)), key=lambda i: -self.images[i])[:MOST_GROUPS]
        order.sort(key=lambda i: -self.mean[i][0])
        number, gap, left = len(self.channels), 0.035, 0.2
        width = (1.0 - left - gap * (number - 1)) / number
        colors = theme.of_channels(self.channels)
        for c in range(number):
            own = ax.inset_axes((left + c * (width + gap), 0.0, width, 1.0))
            plain_axes(own, theme, grid="x")
            own.axvline(self.whole_mean[c], color=theme.muted, linewidth=1)
            for y, i in enumerate(order):
                mean, std = self.mean[i][c], self.std[i][c]
                own.plot((mean - std, mean + std), (y, y), color=colors[c], linewidth=1.2)
                own.plot(mean, y, "o", color=colors[c], markersize=4)
            own.set(xlim=(-0.05, 1.05), ylim=(len(order) - 0.5, -0.5), xlabel=self.channels[c])
            own.set_yticks(range(len(order)), [_short(self.labels[i]) for i in order])
            if c:
                own.tick_params(labelleft=False)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else label[: _LONGEST - 1] + "…"
