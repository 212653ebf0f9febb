"""What follows from the figures of a comparison, in sentences, by the rules of docs/compare.md."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bnstat.result import BatchNormEstimate, Floats, Stats
from bnstat.show.constants import CONSTANTS
from bnstat.show.rows import ComparedRow, Difference, normalized

# A normalized input shifted by less than this many stds, or scaled by less, does not matter.
SHIFT = 0.05
# Data this many of ImageNet's stds away from its mean are far from it; or this scaled.
FAR_MEAN, FAR_SCALE = 0.25, 1.25
# How many groups a sentence names.
_MOST_GROUPS = 8


@dataclass(frozen=True)
class Finding:
    """What follows from the figures, in a sentence; `alarm` is None where it is only advice."""

    text: str
    alarm: bool | None = None


def find(rows: Sequence[ComparedRow], differences: Sequence[Difference]) -> Iterator[Finding]:
    """Say in plain words what follows from the figures, by the rules of docs/compare.md."""
    baseline = rows[0]
    pairs = list(zip(rows[1:], differences[1:], strict=True))
    for row, off in pairs:
        if row.group is None:
            yield _shift(row, baseline)
            yield from _certainty(row, baseline, off)
    groups = [(row, off) for row, off in pairs if row.group is not None]
    if groups:
        yield _groups(groups, baseline)
    for row in rows:
        yield from _batchnorm(row)
    if baseline.result is not None and len(baseline.mean) == 3:
        yield Finding(_imagenet(baseline))


def _shift(row: ComparedRow, baseline: ComparedRow) -> Finding:
    constants = row.result is None and baseline.result is not None
    if constants:  # what they do to the baseline's images
        row, baseline = baseline, row
    if 0.0 in baseline.std:
        text = f"{baseline.name} has a channel of std 0 and cannot normalize {row.name}."
        return Finding(text, alarm=True)
    mean, std = normalized(row, baseline)
    small = max(map(abs, mean)) <= SHIFT and max(abs(s - 1) for s in std) <= SHIFT
    said = f"normalized with those of {baseline.name}, it has mean {_list(mean)} and std "
    said += f"{_list(std)} instead of 0 and 1."
    if constants:
        verb = "fits" if small else "does not fit"
        return Finding(f"{row.name} {verb} these constants: {said}", alarm=not small)
    verb = "does not shift" if small else "shifts"
    text = f"{row.name} {verb} the statistics enough to matter: {said}"
    return Finding(text, alarm=not small)


def _certainty(row: ComparedRow, baseline: ComparedRow, off: Difference) -> Iterator[Finding]:
    """Say whether a difference is more than its margin, and more than sets differ by chance."""
    pair, channels = off.pair, row.channels or baseline.channels
    if channels is None:
        return
    level = f"{100 * pair.confidence:g} %"
    margin = pair.margin
    if margin is not None:
        away = [map(abs, off.mean), map(abs, off.std)]
        beyond = _figures_where(channels, away, (margin.mean, margin.std), operator.gt)
        said = (
            f"more than its margin ({level}) in {beyond}"
            if beyond
            else (f"no more than its margin ({level}): it may be the sample or the random draws")
        )
        yield Finding(f"{row.name} differs from {baseline.name} by {said}.", alarm=bool(beyond))
    if off.p_values is not None:
        limits = [(1 - pair.confidence,) * len(channels)] * 2
        beyond = _figures_where(channels, off.p_values, limits, operator.lt)
        number = f"{level}, Holm-corrected"
        said = (
            f"more than chance ({number}) in {beyond}"
            if beyond
            else (f"no more than sets of this size differ by chance ({number})")
        )
        yield Finding(f"{row.name} differs from {baseline.name} by {said}.", alarm=bool(beyond))
    if (margin is not None or off.p_values is not None) and not pair.reliable:
        yield Finding("Few images carry these figures: margins and chances may be wrong.", True)


def _groups(groups: Sequence[tuple[ComparedRow, Difference]], baseline: ComparedRow) -> Finding:
    """Say which groups differ from the whole by more than chance, the likeliest first."""
    confidence = groups[0][1].pair.confidence
    known = [(min(map(min, off.p_values)), row.name) for row, off in groups if off.p_values]
    beyond = sorted(pair for pair in known if pair[0] < 1 - confidence)
    names = [name for _, name in beyond[:_MOST_GROUPS]]
    if len(beyond) > _MOST_GROUPS:
        names.append(f"{len(beyond) - _MOST_GROUPS} more")
    listed = f": {', '.join(names)}" if names else ""
    text = (
        f"{len(beyond):,} of {len(groups):,} groups differ from {baseline.name} by more than "
        f"chance ({100 * confidence:g} %, Holm-corrected){listed}."
    )
    return Finding(text, alarm=bool(beyond))


def _figures_where(
    channels: Sequence[str],
    values: Sequence[Iterable[float]],
    limits: Sequence[Iterable[float]],
    test: Callable[[float, float], bool],
) -> str:
    """Return, in words, the figures whose value passes a test against its limit."""
    said = []
    for name, row, bounds in zip(("mean", "std"), values, limits, strict=True):
        found = [c for c, v, b in zip(channels, row, bounds, strict=True) if test(v, b)]
        if found:
            said.append(f"the {name} of {', '.join(found)}")
    return " and ".join(said)


def _batchnorm(row: ComparedRow) -> Iterator[Finding]:
    """Compare BatchNorm's running values with what shuffles of the images lead to."""
    estimate = row.result.methods.get("batchnorm") if row.result else None
    if row.result is None or not isinstance(estimate, BatchNormEstimate):
        return
    worst = [max(each, key=lambda d: d.excess) for each in deviations(row.result, estimate)]
    fits = all(deviation.excess <= 0 for deviation in worst)
    hint = ": are the images listed by class?" if estimate.order == "listed" else "."
    text = (
        f"BatchNorm's running mean and variance of {row.name} are "
        f"{'' if fits else 'not '}within what its schedule allows: off by "
        f"{' and by '.join(map(str, worst))}{'.' if fits else hint}"
    )
    yield Finding(text, alarm=not fits)


def _imagenet(row: ComparedRow) -> str:
    imagenet = ComparedRow.of_constants(CONSTANTS["imagenet"])
    mean, std = normalized(row, imagenet)
    far = max(map(abs, mean)) > FAR_MEAN or max(max(s, 1 / s if s else 9) for s in std) > FAR_SCALE
    if far:
        return (
            f"{row.name} is far from ImageNet's constants (mean {_list(mean)}, std {_list(std)} "
            "in their terms): with a pre-trained model keep the model's own normalization; "
            "train from scratch with these."
        )
    return (
        f"{row.name} is near ImageNet's constants (mean {_list(mean)}, std {_list(std)} in their "
        "terms): with a pre-trained model either will do, the model's own is the safe one."
    )


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{round(value, 2) + 0.0:.2f}" for value in values)  # + 0.0: no -0.00


# How many standard deviations over shuffles a running value may be from their average: of 12,000
# shuffled runs on images of all sizes 3 had one beyond 4.5, none beyond 5 (docs/methods.md).
NOISE = 5.0
# How far rounding may put it off, in units of the data's own size.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Deviation:
    """How far a running value of one channel is from two-pass's, and how far it may be.

    off: the difference; expected: what shuffles lead to on average; noise: how far from that a
    shuffle may be.
    """

    channel: str
    off: float
    expected: float
    noise: float

    @property
    def excess(self) -> float:
        """How far it is beyond what is allowed, in units of that; 0 or less is within."""
        away = abs(self.off - self.expected)
        return away / self.noise - 1 if self.noise else away

    def __str__(self) -> str:
        """Return the difference, the channel, and what is allowed there, to the same digits."""
        low, high = self.expected - self.noise, self.expected + self.noise
        for digits in range(2, 16):
            off, *allowed = (f"{value:+.{digits}g}" for value in (self.off, low, high))
            if self.excess <= 0 or off not in allowed:
                break
        return f"{off} in {self.channel} (allowed: {' to '.join(allowed)})"


def deviations(
    stats: Stats, estimate: BatchNormEstimate
) -> tuple[list[Deviation], list[Deviation]]:
    """Return how far running mean and running variance are off, per channel."""
    expected, sd = estimate.expected or _expected(stats, estimate), estimate.expected_sd
    return (
        _deviations(stats, stats.mean, estimate.mean, expected["mean"], sd["mean"]),
        _deviations(stats, stats.var, estimate.var, expected["var"], sd["var"]),
    )


def _deviations(
    stats: Stats, exact: Floats, running: Floats, expected: Floats, sds: Floats
) -> list[Deviation]:
    rows = zip(stats.channels, stats.std, exact, running, expected, sds, strict=True)
    return [
        Deviation(channel, value - true, centre - true, NOISE * sd + ROUNDING * (abs(true) + std))
        for channel, std, true, value, centre, sd in rows
    ]


def _expected(stats: Stats, estimate: BatchNormEstimate) -> Mapping[str, Floats]:
    """Return what shuffles lead to if images have one size, for a document that does not say.

    The start at 0 and 1 keeps its weight. Of the variance, batches leave out the variance between
    their means, and have ddof 1.
    """
    start, images = estimate.start_weight, stats.source.images
    batch = min(estimate.batch_size, images)
    within = stats.conventions.get("root_mean_image_variance", stats.std)
    var = []
    for n, v, w in zip(stats.count, stats.var, within, strict=True):
        samples = n * batch / images
        left_out = max(0.0, v - w * w) * (1 / batch - 1 / images)
        var.append(start + (1 - start) * (v - left_out) * samples / max(1.0, samples - 1))
    return {"mean": tuple((1 - start) * m for m in stats.mean), "var": tuple(var)}
