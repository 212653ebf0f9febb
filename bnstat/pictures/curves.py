"""Curves: BatchNorm's running values over the batches, and margins over the number of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bnstat.pictures.picture import STYLES, TextTable, Theme, parts, plain_axes, write_beside

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Rows of the table of numbers.
_ROWS = 8
# Points of a line: more do not show.
_POINTS = 400
# Up to so many batches, each has a dot: the line of a single one would not show.
_MARKED = 12


@dataclass(frozen=True)
class RunningValues:
    """Running mean and variance after each batch, by channel.

    mean, var: (C, B); exact_mean, exact_var: of two-pass; low, high: the expected band at the end,
    `mean` and `var` by channel, or empty.
    """

    schedule: str
    channels: Sequence[str]
    mean: Sequence[Sequence[float]]
    var: Sequence[Sequence[float]]
    exact_mean: Sequence[float]
    exact_var: Sequence[float]
    low: Sequence[Sequence[float]] = ()
    high: Sequence[Sequence[float]] = ()
    height: float = 1.55

    @property
    def title(self) -> str:
        return f"BatchNorm2d over {self.schedule}"

    @property
    def description(self) -> str:
        ends = zip(self.channels, self.mean, self.exact_mean, strict=True)
        said = "; ".join(f"{c}: {mean[-1]:.3f}, exact {exact:.3f}" for c, mean, exact in ends)
        return f"Running mean and variance after each batch. At the end, the mean is {said}."

    def table(self) -> TextTable:
        batches = len(self.mean[0])
        steps = sorted({max(1, round(batches * i / _ROWS)) for i in range(1, _ROWS + 1)})
        rows = []
        for name, values, exact in self._both():
            for step in steps:
                cells = (f"{channel[step - 1]:.4f}" for channel in values)
                rows.append((f"{name} after {step:,}", *cells))
            rows.append((f"{name}, exact", *(f"{value:.4f}" for value in exact)))
        return ("batches", *self.channels), rows

    def _both(self) -> Sequence[tuple[str, Sequence[Sequence[float]], Sequence[float]]]:
        return (("mean", self.mean, self.exact_mean), ("variance", self.var, self.exact_var))

    def plot(self, ax: Axes, theme: Theme) -> None:
        """Plot a line for each channel, its exact value, and the expected band at the end."""
        pair = parts(ax, 2)
        for i, (name, values, exact) in enumerate(self._both()):
            below = pair[i]
            plain_axes(below, theme)
            self._plot_lines(below, values, exact, theme)
            if self.low:
                self._plot_band(below, i, theme)
            below.set_ylabel(f"running {name}")
            below.set_xlim(0, len(values[0]) * 1.1)
            below.locator_params(axis="x", integer=True)
        pair[0].tick_params(labelbottom=False)
        pair[1].set_xlabel("batches")

    def _plot_lines(
        self, ax: Axes, values: Sequence[Sequence[float]], exact: Sequence[float], theme: Theme
    ) -> None:
        batches = len(values[0])
        step = max(1, batches // _POINTS)
        shown = sorted({*range(0, batches, step), batches - 1})
        xs, marker = [b + 1 for b in shown], "o" if batches <= _MARKED else ""
        for i, color in enumerate(theme.of_channels(self.channels)):
            line, style = [values[i][b] for b in shown], STYLES[i % len(STYLES)]
            ax.axhline(exact[i], color=color, linewidth=0.8, alpha=0.55)
            ax.plot(
                xs, line, color=color, linewidth=1.3, linestyle=style, marker=marker, markersize=3
            )
            at = (batches, line[-1])
            write_beside(ax, self.channels[i], at, (22 + 9 * i, 0), color=color, fontsize=8)

    def _plot_band(self, ax: Axes, figure: int, theme: Theme) -> None:
        batches = len(self.mean[0])
        for i, color in enumerate(theme.of_channels(self.channels)):
            at = batches * (1.012 + 0.012 * i)
            ends = (self.low[figure][i], self.high[figure][i])
            ax.plot((at, at), ends, color=color, linewidth=2.5, solid_capstyle="butt")


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
        return f"Margins of a sample of the {self.found:,} images, at {100 * self.confidence:g} %"

    @property
    def description(self) -> str:
        first, last = self.sizes[0], self.sizes[-1]
        return (
            f"The margin of the mean falls from {self.mean[0]:.3g} with {first:,} images to "
            f"{self.mean[-1]:.3g} with {last:,}; that of the std from {self.std[0]:.3g} to "
            f"{self.std[-1]:.3g}."
        )

    def table(self) -> TextTable:
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
            write_beside(ax, name, (xs[0], ys[0]), (-5, 0), ha="right", color=color)
        ax.set_xscale("log")
        ax.set_yscale("log")
        for axis, form in ((ax.xaxis, ",.0f"), (ax.yaxis, "g")):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter(partial(_label, form=form))
            axis.set_minor_formatter(NullFormatter())
        if self.measured is not None:
            ax.axvline(self.measured, color=theme.accent, linewidth=1)
            how = {"xycoords": ("data", "axes fraction"), "va": "top", "color": theme.accent}
            write_beside(ax, "this sample", (self.measured, 1), (4, -4), **how)
        ax.set(xlabel="images measured", ylabel="± in [0, 1]")
        ax.set_xlim(self.sizes[0] / 1.6, self.sizes[-1] * 1.1)


def _label(value: float, _: int, *, form: str) -> str:
    return format(value, form)
