"""The report of a result: the constants to use, what must be known of them, and all its tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bnstat.result import EXACT, BatchNormEstimate, Estimate, Stats, exactness, title
from bnstat.show.blocks import Block, Headline, Line, Paragraph, Table, percent
from bnstat.show.input_remarks import narrower, skewed
from bnstat.show.result_tables import (
    conventions,
    differences,
    distribution,
    summary_line,
    summary_table,
    values,
)
from bnstat.show.verdicts import compute_command, imagenet
from bnstat.text import pluralize, printable

# Methods that differ by less agree but for rounding.
_ROUNDING = 1e-9
# A share of BatchNorm's initial values below this does not show in four digits.
_CONVERGED = 5e-5
# BatchNorm's values that are nearer do as well.
_NOTICEABLE = 0.005
# Groups on the first screen: the farthest from the whole.
_GROUPS = 10
# Channels whose figures a sentence has one by one.
_MAX_IN_A_SENTENCE = 4


def answer(stats: Stats, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return headline, mean and std, how exact they are, and how far other ways are from them."""
    headline = _headline(stats)
    if not stats.channels:
        return (headline,)
    contents = (Paragraph.of(summary_line(stats.summary)),) if stats.summary else ()
    figures = Table.by_channel(
        [""], stats.channels, _figures(stats), "answer", tuple(_certainty(stats, verbose))
    )
    groups = _groups(stats, len(stats.groups or ()) if verbose else _GROUPS)
    others = tuple(_others(stats))
    return headline, *contents, figures, *groups, *([Paragraph(others)] if others else [])


def _headline(stats: Stats) -> Headline:
    source = stats.source
    least, most = min(stats.count, default=0), max(stats.count, default=0)
    pixels = f"{most:,}" if least == most else f"{least:,} to {most:,}"
    counts = [pluralize(source.images, "image"), f"{pixels} pixels"]
    if source.failed:
        counts.append(f"{source.failed:,} failed")
    if source.skipped:
        counts.append(f"{pluralize(source.skipped, 'other file')} skipped")
    if source.duplicates:
        counts.append(pluralize(source.duplicates, "duplicate"))
    name = printable(title(stats))
    if (shards := source.shards) is not None:
        noun = "shard" if len(shards.indices) == 1 else "shards"
        name += f", {noun} {', '.join(map(str, shards.indices))} of {shards.total}"
    divided = f"integers divided by {stats.scale:,}" if stats.unit == "divided" else "in [0, 1]"
    unit = "values as they are" if stats.scale == 1 else divided
    return Headline(f"{', '.join(counts)}, {_measured_as(stats)} {unit}", name)


def _measured_as(stats: Stats) -> str:
    """Return the mode, or how many channels there are where arrays had others than it has."""
    channels = "".join(stats.channels)  # none where nothing was measured
    as_converted = stats.mode not in ("RGB", "L", "RGBA") or channels in ("", stats.mode)
    return stats.mode if as_converted else pluralize(len(stats.channels), "channel")


def _figures(stats: Stats) -> Iterator[Sequence[str]]:
    margin = stats.uncertainty.margin if stats.uncertainty else None
    for name in ("mean", "std"):
        values, margins = getattr(stats.exact, name), getattr(margin, name) if margin else ()
        if not margins:
            yield [name, *(f"{value:.6f}" for value in values)]
            continue
        digits = [decimals(half) for half in margins]
        yield [name, *(f"{v:.{d}f}" for v, d in zip(values, digits, strict=True))]
        yield ["", *(f"±{half:.{d}f}" for half, d in zip(margins, digits, strict=True))]


def decimals(margin: float) -> int:
    """Return how many decimals of a figure are sure: those of two digits of its margin.

    >>> decimals(0.0477), decimals(0.00041), decimals(0.0)
    (3, 5, 6)
    """
    if not 0 < margin < math.inf:
        return 6
    return min(12, max(1, 1 - math.floor(math.log10(margin))))


def _certainty(stats: Stats, verbose: bool) -> Iterator[Line]:
    """Yield how exact the figures are, and which other ways to them do not agree."""
    said = f"exact ({EXACT})" if stats.is_exact else f"{EXACT} {exactness(stats)}"
    uncertainty = stats.uncertainty
    yield Line("; ".join([said, *_agreements(stats, verbose)]))
    if uncertainty is not None and not uncertainty.reliable and not stats.is_exact:
        yield Line("Few images carry these figures: the margins may be too small.", "warning")
        yield from map(Line, skewed(stats))
    yield from map(Line, narrower(stats))


def _agreements(stats: Stats, verbose: bool) -> Iterator[str]:
    for name, estimate in stats.methods.items():
        if name == EXACT or estimate is None or isinstance(estimate, BatchNormEstimate):
            continue
        off = _farthest(estimate, stats)
        if off > _ROUNDING:
            yield f"{name} differs by {off:.1g}"
        elif verbose:
            yield f"{name} agrees " + (f"to 1e{math.ceil(math.log10(off))}" if off else "exactly")


def _farthest(estimate: Estimate, stats: Stats) -> float:
    exact = (*stats.exact.mean, *stats.exact.std)
    return max(abs(a - b) for a, b in zip((*estimate.mean, *estimate.std), exact, strict=True))


def _others(stats: Stats) -> Iterator[Line]:
    """Yield what BatchNorm2d would hold instead, whose constants are near, that sizes weigh."""
    yield from _batchnorm(stats)
    if (said := imagenet(stats)) is not None:
        yield Line(said)
    if not stats.pipeline.transforms and _sizes_differ(stats):
        yield Line("Images differ in size, so large ones weigh more. What a model sees:", "warning")
        yield Line(compute_command(stats.source, "imagenet-train"), "command")


def _batchnorm(stats: Stats) -> Iterator[Line]:
    estimate = stats.methods.get("batchnorm")
    if not isinstance(estimate, BatchNormEstimate):
        reason = printable(stats.reasons.get("batchnorm", "it is null"))
        yield Line(f"BatchNorm2d: no figures, as {reason}.")
        return
    held = f"mean {_short(estimate.mean)}, std {_short(estimate.std)}"
    off = _farthest(estimate, stats)
    if estimate.start_weight >= _CONVERGED:
        left = f"{percent(estimate.start_weight)} is still the initial mean 0 / var 1"
        state = f"not converged, {left}"
    elif off >= _NOTICEABLE:
        state = f"off by up to {off:.2g}"
    else:
        return
    yield Line(f"BatchNorm2d would hold {held}: {state} ({schedule(estimate)}).")


def schedule(estimate: BatchNormEstimate) -> str:
    """Return a schedule in words.

    >>> schedule(BatchNormEstimate((), (), 64, None, "shuffled", 16, 0.0, {}))
    '16 batches of 64, cumulative'
    """
    momentum = "cumulative" if estimate.momentum is None else f"momentum {estimate.momentum:g}"
    listed = ", listed" if estimate.order == "listed" else ""
    batches = pluralize(estimate.batches, "batch", "batches")
    return f"{batches} of {estimate.batch_size}, {momentum}{listed}"


def _short(values: Sequence[float]) -> str:
    """Return a figure of each channel, or what it spans where there are many.

    >>> _short([0.25, 0.5]), _short([0.25, 0.5, 0.125, 0.5, 0.5])
    ('0.2500 0.5000', '0.1250 to 0.5000')
    """
    if len(values) > _MAX_IN_A_SENTENCE:
        return f"{min(values):.4f} to {max(values):.4f}"
    return " ".join(f"{value:.4f}" for value in values)


def _sizes_differ(stats: Stats) -> bool:
    """Whether images have different numbers of pixels: else pooled mean and mean of means agree."""
    means = stats.conventions.get("mean_of_image_means")
    if means is None or stats.selection.excludes:
        return False
    return any(abs(a - b) > _ROUNDING for a, b in zip(means, stats.exact.mean, strict=True))


def result_report(stats: Stats, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return the first screen, and with `verbose` the figures of all methods and recipes."""
    if not (verbose and stats.channels):
        return answer(stats)
    return (
        *answer(stats, verbose=True),
        *([summary_table(stats.summary)] if stats.summary else []),
        values(stats),
        differences(stats),
        *_noise(stats),
        conventions(stats),
        *distribution(stats),
    )


def _groups(stats: Stats, most: int) -> Iterator[Table]:
    """Yield the figures of the groups that are farthest from the whole, in its stds."""
    groups = stats.groups or {}
    if not groups:
        return

    def far(name: str) -> float:
        pairs = zip(groups[name].exact.mean, stats.exact.mean, stats.exact.std, strict=True)
        return max((abs(a - b) / s for a, b, s in pairs if s), default=0.0)

    rows = []
    for name in sorted(groups, key=far, reverse=True)[:most]:
        group = groups[name]
        figures = (f"{value:.4f}" for value in (*group.exact.mean, *group.exact.std))
        rows.append((printable(name), f"{group.images:,}", *figures))
    heads = [f"{figure} {channel}" for figure in ("mean", "std") for channel in stats.channels]
    more = f"{len(groups) - most:,} more: -v. " if len(groups) > most else ""
    notes = (
        Line(f"The farthest from the whole first. {more}Which differ by more than chance:"),
        Line("bnstat compare --groups", "command"),
    )
    yield Table.by_channel(["group"], ["images", *heads], rows, footnotes=notes)


def _noise(stats: Stats) -> Iterator[Paragraph]:
    """Yield how far BatchNorm's running values differ from shuffle to shuffle."""
    estimate = stats.methods.get("batchnorm")
    if isinstance(estimate, BatchNormEstimate):
        sd = {k: ", ".join(f"{v:.2g}" for v in sds) for k, sds in estimate.expected_sd.items()}
        yield Paragraph.of(
            f"batchnorm: {schedule(estimate)}; {percent(estimate.start_weight)} of the initial "
            "mean 0 / var 1 is still in it. Standard deviation over shuffles: "
            f"mean ±{sd['mean']}; var ±{sd['var']}."
        )
