"""The tables of a result that `-v` adds: all methods, common recipes, percentiles."""

from __future__ import annotations

from collections.abc import Iterator

from bnstat.result import EXACT, Estimate, Stats
from bnstat.show.blocks import Block, Paragraph, Table, signed

_CONVENTIONS = {
    "mean_of_image_stds": "mean of the images' stds",
    "root_mean_image_variance": "root of the mean image variance",
    "mean_of_image_means": "mean of the images' means",
}


def values(stats: Stats) -> Table:
    """Return each method's mean and std, to enough digits to tell two-pass and batchnorm apart."""
    digits = _digits(stats)
    rows = []
    for name, estimate in _present(stats):
        for label, figure in (("mean", estimate.mean), ("std", estimate.std)):
            method = name if label == "mean" else ""
            rows.append([method, label, *(f"{value:.{digits}f}" for value in figure)])
    return Table.by_channel(["", ""], stats.channels, rows)


def differences(stats: Stats) -> Table:
    """Return how far the other methods are from two-pass: in 1/255, and in two-pass's std."""
    rows = []
    for name, estimate in _present(stats):
        if name == EXACT:
            continue
        for label, figure, exact in (
            ("mean", estimate.mean, stats.exact.mean),
            ("std", estimate.std, stats.exact.std),
        ):
            off = [value - true for value, true in zip(figure, exact, strict=True)]
            method = name if label == "mean" else ""
            rows.append([method, label, "1/255", *(signed(255 * d) for d in off)])
            in_std = [d / s if s else None for d, s in zip(off, stats.exact.std, strict=True)]
            rows.append(["", "", "std", *map(signed, in_std)])
    return Table.by_channel([f"method − {EXACT}", "", "in"], stats.channels, rows)


def conventions(stats: Stats) -> Table:
    """Return what common recipes give instead of the mean or the std."""
    rows = [
        [label, *(f"{value:.6f}" for value in stats.conventions[name])]
        for name, label in _CONVENTIONS.items()
        if name in stats.conventions
    ]
    return Table.by_channel(["common but wrong recipes, for comparison"], stats.channels, rows)


def distribution(stats: Stats) -> Iterator[Block]:
    """Yield percentiles, smallest and largest value, and the figures of all channels together."""
    known = stats.order_statistics
    if known.min is not None and known.max is not None:
        quantiles = known.quantiles or {}
        rows = [("min", known.min), *((f"{q} %", v) for q, v in quantiles.items())]
        rows.append(("max", known.max))
        table = [[label, *(f"{value:.6f}" for value in values)] for label, values in rows]
        heading = "percentiles" if quantiles else "smallest and largest value"
        yield Table.by_channel([heading], stats.channels, table)
    if stats.pooled is not None and len(stats.channels) > 1:
        mean, std = stats.pooled.mean, stats.pooled.std
        yield Paragraph.of(f"All channels together: mean {mean:.6f}, std {std:.6f}.")


def _present(stats: Stats) -> Iterator[tuple[str, Estimate]]:
    return ((name, value) for name, value in stats.methods.items() if value is not None)


def _digits(stats: Stats) -> int:
    """Return the fewest digits after the point, at least 6, that tell two-pass from batchnorm."""
    batchnorm = stats.methods.get("batchnorm")
    if batchnorm is None:
        return 6
    pairs = [*zip(stats.exact.mean, batchnorm.mean, strict=True)]
    pairs += zip(stats.exact.std, batchnorm.std, strict=True)
    smallest = min((abs(a - b) for a, b in pairs if a != b), default=1.0)
    digits = 6
    while digits < 15 and smallest < 10.0**-digits:
        digits += 1
    return digits
