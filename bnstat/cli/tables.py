"""The tables of a result: one column a channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from bnstat.stats import Estimate, Stats

_CONVENTIONS = {
    "mean_of_image_stds": "mean of the images' stds",
    "root_mean_image_variance": "root of the mean image variance",
    "mean_of_image_means": "mean of the images' means",
}


def values(stats: Stats) -> Table:
    """Each method's mean and std, to enough digits to tell two-pass and batchnorm apart."""
    digits = _digits(stats)
    table = _table(["", ""], stats)
    for name, estimate in _present(stats):
        for label, figure in (("mean", estimate.mean), ("std", estimate.std)):
            method = name if label == "mean" else ""
            table.add_row(method, label, *(f"{value:.{digits}f}" for value in figure))
    return table


def differences(stats: Stats) -> Table:
    """How far the other methods are from two-pass: in 1/255, and in two-pass's std."""
    table = _table(["difference from two-pass", "", "in"], stats)
    for name, estimate in _present(stats):
        if name == "two-pass":
            continue
        for label, figure, exact in (
            ("mean", estimate.mean, stats.mean),
            ("std", estimate.std, stats.std),
        ):
            away = [value - true for value, true in zip(figure, exact, strict=True)]
            method = name if label == "mean" else ""
            table.add_row(method, label, "1/255", *(difference(255 * d) for d in away))
            in_std = [d / s if s else None for d, s in zip(away, stats.std, strict=True)]
            table.add_row("", "", "std", *map(difference, in_std))
    return table


def conventions(stats: Stats) -> Table:
    """Figures that are taken for the std, or the mean, and are not."""
    table = _table(["in circulation; not the std"], stats)
    for name, label in _CONVENTIONS.items():
        if name in stats.conventions:
            table.add_row(label, *(f"{value:.6f}" for value in stats.conventions[name]))
    return table


def difference(value: float | None) -> str:
    """Return a difference to three digits; only no difference at all reads as 0.

    >>> difference(0.0), difference(-0.01234), difference(2e-16), difference(None)
    ('0', '-0.0123', '+2e-16', '-')
    """
    if value is None:
        return "-"
    return f"{value:+.3g}" if value else "0"


def _present(stats: Stats) -> Iterator[tuple[str, Estimate]]:
    return ((name, value) for name, value in stats.methods.items() if value is not None)


def _table(labels: Sequence[str], stats: Stats) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for label in labels:
        table.add_column(label, no_wrap=len(labels) > 1)
    for channel in stats.channels:
        table.add_column(channel, justify="right", no_wrap=True)
    return table


def _digits(stats: Stats) -> int:
    """Return the fewest digits after the point, at least 6, that tell two-pass from batchnorm."""
    batchnorm = stats.methods["batchnorm"]
    if batchnorm is None:
        return 6
    pairs = [*zip(stats.mean, batchnorm.mean, strict=True)]
    pairs += zip(stats.std, batchnorm.std, strict=True)
    smallest = min((abs(a - b) for a, b in pairs if a != b), default=1.0)
    digits = 6
    while digits < 15 and smallest < 10.0**-digits:
        digits += 1
    return digits
