"""Brightness and contrast of each image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bnstat.pictures.picture import TextTable, Theme, plain_axes

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

# More points are plotted by their density.
MAX_POINTS = 1000
_CELLS = (72, 40)
_ROWS = 10


@dataclass(frozen=True)
class ImageScatter:
    """Mean and std of each image, averaged over its channels; outliers among them.

    outliers: name, brightness and contrast of each, the strongest first.
    """

    brightness: Sequence[float] | NDArray[np.float64]
    contrast: Sequence[float] | NDArray[np.float64]
    outliers: Sequence[tuple[str, float, float]] = ()
    height: float = 1.15

    @property
    def title(self) -> str:
        return f"Brightness and contrast of {len(self.brightness):,} images"

    @property
    def description(self) -> str:
        import numpy as np

        both = (self.brightness, self.contrast)
        ranges = (f"{np.min(values):.2f} to {np.max(values):.2f}" for values in both)
        said = "Mean of each image from {}, std from {}.".format(*ranges)
        return f"{said} {len(self.outliers):,} outliers are marked."

    def table(self) -> TextTable:
        if self.outliers:
            strongest = self.outliers[:_ROWS]
            return ("outlier", "mean", "std"), [
                (name, f"{brightness:.3f}", f"{contrast:.3f}")
                for name, brightness, contrast in strongest
            ]
        import numpy as np

        shares = (0.0, 0.25, 0.5, 0.75, 1.0)
        columns = [np.quantile(values, shares) for values in (self.brightness, self.contrast)]
        return ("", "mean", "std"), [
            (f"{share:.0%} quantile", *(f"{values[i]:.3f}" for values in columns))
            for i, share in enumerate(shares)
        ]

    def plot(self, ax: Axes, theme: Theme) -> None:
        """Plot a point for each image, or how many there are where there are many."""
        plain_axes(ax, theme, grid="both")
        if len(self.brightness) > MAX_POINTS:
            self._plot_density(ax, theme)
        else:
            self._plot_points(ax, theme)
        if self.outliers:
            _, xs, ys = zip(*self.outliers, strict=True)
            ax.scatter(
                xs, ys, s=26, facecolors="none", edgecolors=theme.red, linewidths=1.1, marker="D"
            )
        ax.set(xlabel="brightness (mean of the image)", ylabel="contrast (its std)")

    def _plot_points(self, ax: Axes, theme: Theme) -> None:
        """Plot all points as one path of very short lines: a fifth of the bytes of markers."""
        xs = [x for b in self.brightness for x in (b, b + 1e-5, math.nan)]
        ys = [y for c in self.contrast for y in (c, c, math.nan)]
        ax.plot(xs, ys, color=theme.blue, alpha=0.6, linewidth=3, solid_capstyle="round")

    def _plot_density(self, ax: Axes, theme: Theme) -> None:
        """Plot how many images there are in each cell of a grid: one small image, not paths."""
        import numpy as np
        from matplotlib.colors import LinearSegmentedColormap, LogNorm

        counts, xs, ys = np.histogram2d(self.brightness, self.contrast, bins=_CELLS)
        shown = np.ma.masked_equal(counts.T, 0)
        ax.grid(False)
        cells = ax.imshow(
            shown,
            extent=(xs[0], xs[-1], ys[0], ys[-1]),
            origin="lower",
            aspect="auto",
            interpolation="none",
            cmap=LinearSegmentedColormap.from_list("density", [theme.grid, theme.blue]),
            norm=LogNorm(1, max(2.0, counts.max())),
        )
        bar = ax.figure.colorbar(cells, ax=ax, pad=0.01, format=lambda value, _: f"{value:,.0f}")
        bar.set_label("images")
        bar.outline.set_visible(False)
        bar.minorticks_off()
