"""How wide margins are, over the number of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bnstat.pictures.picture import plain_axes
from bnstat.pictures.theme import STYLES, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class MarginCurve:
    """The widest margin of a mean and of a std for samples of a set.

    found: images of the set; measured: of the result, or None for all; sizes: images of samples;
    mean, std: half-widths at each size; confidence: in (0, 1).
    """

    found: int
    measured: int | None
    sizes: Sequence[int]
    mean: Sequence[float]
    std: Sequence[float]
    confidence: float
    height: float = 1.0

    @property
    def title(self) -> str:
        """A line that says what is shown."""
        return f"Margins of a sample of the {self.found:,} images, at {100 * self.confidence:g} %"

    @property
    def description(self) -> str:
        """What it shows, for those who do not see it."""
        first, last = self.sizes[0], self.sizes[-1]
        return (
            f"The margin of the mean falls from {self.mean[0]:.3g} with {first:,} images to "
            f"{self.mean[-1]:.3g} with {last:,}; that of the std from {self.std[0]:.3g} to "
            f"{self.std[-1]:.3g}."
        )

    def table(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Return the margins at some sizes."""
        step = max(1, len(self.sizes) // 8)
        shown = list(zip(self.sizes, self.mean, self.std, strict=True))[::step]
        return ("images", "mean", "std"), [(f"{n:,}", f"{m:.2g}", f"{s:.2g}") for n, m, s in shown]

    def plot(self, ax: Axes, theme: Theme) -> None:
        """Plot both margins on logarithmic axes, and where the result stands."""
        from matplotlib.ticker import LogLocator, NullFormatter

        plain_axes(ax, theme, grid="both")
        for i, (name, values) in enumerate((("mean", self.mean), ("std", self.std))):
            color = theme.others[i]
            pairs = [(n, v) for n, v in zip(self.sizes, values, strict=True) if v > 0]
            if not pairs:
                continue
            xs, ys = zip(*pairs, strict=True)
            ax.plot(xs, ys, color=color, linewidth=1.5, linestyle=STYLES[i])
            ax.annotate(
                name,
                (xs[0], ys[0]),
                xytext=(-5, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=color,
            )
        ax.set_xscale("log")
        ax.set_yscale("log")
        for axis, form in ((ax.xaxis, ",.0f"), (ax.yaxis, "g")):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(partial(_label, form=form))
            axis.set_minor_formatter(NullFormatter())
        if self.measured is not None:
            ax.axvline(self.measured, color=theme.accent, linewidth=1)
            ax.annotate(
                "this sample",
                (self.measured, 1),
                xycoords=("data", "axes fraction"),
                xytext=(4, -4),
                textcoords="offset points",
                va="top",
                color=theme.accent,
            )
        ax.set(xlabel="images measured", ylabel="± in [0, 1]")
        ax.set_xlim(self.sizes[0] / 1.6, self.sizes[-1] * 1.1)


def _label(value: float, _: int, *, form: str) -> str:
    return format(value, form)
