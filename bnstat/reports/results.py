"""The report of a result: the three methods side by side, and what they were measured on."""

from __future__ import annotations

from collections.abc import Iterator

from bnstat.reports.blocks import Block, Paragraph, Table
from bnstat.reports.words import counted, percent, signed
from bnstat.stats import EXACT, BatchNormEstimate, Estimate, Shards, Stats
from bnstat.text import printable

_CONVENTIONS = {
    "mean_of_image_stds": "mean of the images' stds",
    "root_mean_image_variance": "root of the mean image variance",
    "mean_of_image_means": "mean of the images' means",
}


def result_report(stats: Stats) -> tuple[Block, ...]:
    """Return headline, values, differences from two-pass, batchnorm's schedule, conventions."""
    headline = Paragraph.of(_headline(stats))
    if not stats.channels:
        return (headline,)
    return (
        headline,
        values(stats),
        differences(stats),
        Paragraph.of(_batchnorm_in_words(stats)),
        conventions(stats),
    )


def _headline(stats: Stats) -> str:
    source = stats.source
    counts = [counted(source.images, "image"), f"{_samples(stats.count)} samples a channel"]
    if source.failures:
        counts.append(f"{len(source.failures):,} failed")
    if source.skipped:
        counts.append(f"{counted(source.skipped, 'other file')} skipped")
    if source.duplicates:
        counts.append(counted(source.duplicates, "duplicate"))
    where = printable(" | ".join([" ".join(source.locations), *stats.pipeline.transforms]))
    where += _shards_in_words(source.shards)
    unit = "values as they are" if stats.scale == 1 else "values in [0, 1]"
    return f"{where}: {', '.join(counts)}; mode {stats.mode}, {unit}"


def _samples(count: tuple[int, ...]) -> str:
    """Return the number of samples, or the least and the most where channels differ."""
    least, most = min(count, default=0), max(count, default=0)
    return f"{most:,}" if least == most else f"{least:,} to {most:,}"


def _shards_in_words(shards: Shards | None) -> str:
    """Return which shards a result is of, to stand behind its name."""
    if shards is None:
        return ""
    noun = "shard" if len(shards.indices) == 1 else "shards"
    return f", {noun} {', '.join(map(str, shards.indices))} of {shards.of}"


def _batchnorm_in_words(stats: Stats) -> str:
    estimate = stats.methods.get("batchnorm")
    if not isinstance(estimate, BatchNormEstimate):
        return f"batchnorm: none, as {printable(stats.reasons.get('batchnorm', 'it is null'))}."
    momentum = "cumulative" if estimate.momentum is None else f"momentum {estimate.momentum:g}"
    sd = {name: ", ".join(f"{v:.2g}" for v in sds) for name, sds in estimate.expected_sd.items()}
    return (
        f"batchnorm saw {counted(estimate.batches, 'batch', 'batches')} of {estimate.batch_size} "
        f"({estimate.order}, {momentum}): {percent(estimate.start_weight)} of the start value "
        "(mean 0, var 1) is still in it. Expected noise, one standard deviation over shuffles: "
        f"mean ±{sd['mean']}; var ±{sd['var']}."
    )


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
            ("mean", estimate.mean, stats.mean),
            ("std", estimate.std, stats.std),
        ):
            off = [value - true for value, true in zip(figure, exact, strict=True)]
            method = name if label == "mean" else ""
            rows.append([method, label, "1/255", *(signed(255 * d) for d in off)])
            in_std = [d / s if s else None for d, s in zip(off, stats.std, strict=True)]
            rows.append(["", "", "std", *map(signed, in_std)])
    return Table.by_channel([f"difference from {EXACT}", "", "in"], stats.channels, rows)


def conventions(stats: Stats) -> Table:
    """Return the figures that are taken for the std, or the mean, and are not."""
    rows = [
        [label, *(f"{value:.6f}" for value in stats.conventions[name])]
        for name, label in _CONVENTIONS.items()
        if name in stats.conventions
    ]
    return Table.by_channel(["in circulation; not the std"], stats.channels, rows)


def _present(stats: Stats) -> Iterator[tuple[str, Estimate]]:
    return ((name, value) for name, value in stats.methods.items() if value is not None)


def _digits(stats: Stats) -> int:
    """Return the fewest digits after the point, at least 6, that tell two-pass from batchnorm."""
    batchnorm = stats.methods.get("batchnorm")
    if batchnorm is None:
        return 6
    pairs = [*zip(stats.mean, batchnorm.mean, strict=True)]
    pairs += zip(stats.std, batchnorm.std, strict=True)
    smallest = min((abs(a - b) for a, b in pairs if a != b), default=1.0)
    digits = 6
    while digits < 15 and smallest < 10.0**-digits:
        digits += 1
    return digits
