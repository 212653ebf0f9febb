"""What follows from the figures of a comparison, in sentences, by the rules of docs/compare.md.

The first sentence is the answer: how large a difference is, and how sure, in one. What follows says
what to do, with a command to type; what is as it should be is a detail.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from bnstat.result import BatchNormEstimate, Floats, Source, Stats
from bnstat.show.changes import SHIFT, Change, ComparedRow, Difference, change, normalized, sentence
from bnstat.show.constants import CONSTANTS
from bnstat.text import printable

DEFAULT = "bnstat.json"
KEEP = (
    "Keep these constants with weights that were trained with them; to train from scratch, use "
    "those of the images:"
)
# Data this many of ImageNet's stds away from its mean are far from it; or this scaled.
FAR_MEAN, FAR_SCALE = 0.25, 1.25
# How many groups or rows a sentence names, and how many sentences say what to do.
_MAX_NAMES, _MAX_ADVICE = 8, 3

Pairing: TypeAlias = tuple[ComparedRow, Difference]
# Longer ones are left to the reader.
_LONGEST = 100
_REPEATED = ("include", "exclude", "where")
_SINGLE = ("files_column", "column", "array", "layout")
# How many standard deviations over shuffles a running value may be from their average: of 12,000
# shuffled runs on images of all sizes 3 had one beyond 4.5, none beyond 5 (docs/methods.md).
NOISE = 5.0
# How far rounding may put it off, in units of the data's own size.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Finding:
    """What follows from the figures, in a sentence.

    alarm: whether it tells of what matters; None where it only says what to do; command: to type,
    or empty; detail: whether all is as it should be, so that only -v says it; is_answer: whether it
    is what a comparison is asked for.
    """

    text: str
    alarm: bool | None = None
    command: str = ""
    detail: bool = False
    is_answer: bool = False


def find(rows: Sequence[ComparedRow], differences: Sequence[Difference]) -> Iterator[Finding]:
    """Yield the answer, what to do, and what is as it should be."""
    baseline = rows[0]
    pairs = list(zip(rows[1:], differences[1:], strict=True))
    alone = [(row, off) for row, off in pairs if row.group is None]
    groups = [(row, off) for row, off in pairs if row.group is not None]
    if alone:
        answer = _answer(*alone[0], baseline) if len(alone) == 1 else _summed_up(alone, baseline)
        yield replace(answer, is_answer=True)
    if groups:
        yield replace(_groups(groups, baseline), is_answer=True)
    batchnorm = [finding for row in rows for finding in _batchnorm(row)]
    yield from [*_advice(alone, baseline), *(f for f in batchnorm if f.alarm)][:_MAX_ADVICE]
    yield from (finding for finding in batchnorm if not finding.alarm)


def _answer(row: ComparedRow, off: Difference, baseline: ComparedRow) -> Finding:
    if (row.result is None) != (baseline.result is None):
        published, data = (row, baseline) if row.result is None else (baseline, row)
        return _fit(published, data)
    found = change(row, baseline, off)
    if found is None:
        text = f"{baseline.name} has a channel of std 0 and cannot normalize {row.name}."
        return Finding(text, alarm=True)
    return Finding(sentence(found), alarm=found.matters and found.is_sure)


def _fit(published: ComparedRow, data: ComparedRow) -> Finding:
    if 0.0 in published.std:
        return Finding(f"{published.name} has a channel of std 0 and cannot normalize.", alarm=True)
    mean, std = normalized(data, published)
    small = max(map(abs, mean)) <= SHIFT and max(abs(s - 1) for s in std) <= SHIFT
    text = (
        f"{published.name} {'fits' if small else 'does not fit'} {data.name}: normalized with it, "
        f"the images have mean {_list(mean)} and std {_list(std)} instead of 0 and 1."
    )
    return Finding(text, alarm=not small)


def _summed_up(alone: Sequence[Pairing], baseline: ComparedRow) -> Finding:
    """Say which of several rows differ enough to matter, and surely."""
    names: dict[str, list[str]] = {"differ": [], "may": [], "do not": []}
    for row, off in alone:
        found = change(row, baseline, off)
        unsure = found is not None and found.matters and not found.is_sure
        said = "differ" if _answer(row, off, baseline).alarm else "may" if unsure else "do not"
        names[said].append(row.name)
    differ, unsure_names, others = names.values()
    if not differ and not unsure_names:
        return Finding(f"No row differs from {baseline.name} enough to matter.", False)
    if not differ:
        text = f"{_names(unsure_names)} may differ from {baseline.name}"
        return Finding(f"{text}, but the sample is too small to tell.", False)
    verb = "differs" if len(differ) == 1 else "differ"
    text = f"{_names(differ)} {verb} from {baseline.name} enough to matter"
    text += f"; {_names(unsure_names)} may" if unsure_names else ""
    text += f"; {_names(others)} {'does' if len(others) == 1 else 'do'} not" if others else ""
    return Finding(f"{text}.", True)


def _names(names: Sequence[str]) -> str:
    more = [f"{len(names) - _MAX_NAMES} more"] if len(names) > _MAX_NAMES else []
    *first, last = [*names[:_MAX_NAMES], *more]
    return f"{', '.join(first)} and {last}" if first else last


def _groups(groups: Sequence[Pairing], baseline: ComparedRow) -> Finding:
    """Say which groups differ from the whole by more than chance, the likeliest first."""
    confidence = groups[0][1].pair.confidence
    known = [
        (min(*off.p_values.mean, *off.p_values.std), row.name)
        for row, off in groups
        if off.p_values
    ]
    beyond = [name for p, name in sorted(known) if p < 1 - confidence]
    listed = f": {_names(beyond)}" if beyond else ""
    text = (
        f"{len(beyond):,} of {len(groups):,} groups differ from {baseline.name} by more than "
        f"chance ({100 * confidence:g} %, Holm-corrected){listed}."
    )
    return Finding(text, alarm=bool(beyond))


def _advice(alone: Sequence[Pairing], baseline: ComparedRow) -> Iterator[Finding]:
    """Yield what to do: measure under a pipeline, measure more, or trust margins less."""
    published = [row for row, _ in alone if row.result is None and baseline.result is not None]
    if len(published) == len(alone) and any(_fit(row, baseline).alarm for row in published):
        named = baseline.name.endswith(".json") and baseline.name != DEFAULT
        document = f"{shlex.quote(baseline.name)} " if named else ""
        yield Finding(KEEP, command=f"bnstat export {document}--format normalize")
    changes = [found for row, off in alone if (found := change(row, baseline, off))]
    for found in changes:
        if found.matters and (command := _compute(found)):
            yield Finding("Measure the constants under this pipeline:", command=command)
            break
    if any(f.matters and not f.is_sure and f.pair.margin for f in changes):
        yield Finding("More images (--sample), or draws of each (--epochs), would tell.")
    unsure = [off for _, off in alone if off.p_values or off.pair.margin]
    if not all(off.pair.reliable for off in unsure):
        yield Finding("Few images carry these figures: margins and chances may be wrong.", True)


def _compute(found: Change) -> str:
    """Return the command that measures what a pipeline makes of the baseline's images."""
    row, baseline = found.row.result, found.baseline.result
    if row is None or baseline is None or not found.pair.same_images:
        return ""
    spec = row.pipeline.spec
    if not found.row.fresh or not isinstance(spec, str) or baseline.pipeline.spec == spec:
        return ""
    return compute_command(row.source, spec)


def imagenet(stats: Stats) -> str | None:
    """Say how near a result is to ImageNet's constants; None where it has no such channels."""
    if stats.channels != ("R", "G", "B") or not all(0 <= mean <= 1 for mean in stats.exact.mean):
        return None
    known = ComparedRow.of_constants(CONSTANTS["imagenet"])
    mean, std = normalized(ComparedRow.of_stats("", stats), known)
    if max(map(abs, mean)) > FAR_MEAN or max(max(s, 1 / s if s else 9) for s in std) > FAR_SCALE:
        return (
            "Far from ImageNet's constants: train from scratch with these; a pre-trained model "
            "keeps its own."
        )
    return "Not far from ImageNet's constants: a pre-trained model keeps its own."


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
    yield Finding(text, alarm=not fits, detail=fits)


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{round(value, 2) + 0.0:.2f}" for value in values)  # + 0.0: no -0.00


def compute_command(source: Source, spec: str) -> str:
    """Return the command that measures the images of a source under a pipeline."""
    names = source.dataset is None or source.dataset.name is not None
    words = printable(shlex.join(_images(source))) if names else ""
    if not words or len(words) > _LONGEST:
        words = "SOURCE..."
    return f"bnstat compute {words} --augment {shlex.quote(spec)}"


def _images(source: Source) -> Iterator[str]:
    """Yield the words that name the images: sources, and the options that choose of them."""
    if source.files_from is not None:
        yield from ("--files-from", *source.locations)
        yield from ("--null",) * source.files_from.null
        if source.files_from.root is not None:
            yield from ("--root", source.files_from.root)
    elif source.dataset is not None:
        yield from ("--dataset", source.dataset.name or "")
    else:
        yield from source.locations
    for name in _REPEATED:
        for value in getattr(source, name) or ():
            yield from (f"--{name}", value)
    for name in _SINGLE:
        if (value := getattr(source, name)) is not None:
            yield from ("--" + name.replace("_", "-"), value)


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
    expected, sd = estimate.expected or _expected(stats, estimate), estimate.expected_sd

    def of(exact: Floats, running: Floats, name: str) -> list[Deviation]:
        columns = stats.channels, stats.exact.std, exact, running, expected[name], sd[name]
        return [
            Deviation(channel, value - true, mean - true, NOISE * sd + ROUNDING * (abs(true) + std))
            for channel, std, true, value, mean, sd in zip(*columns, strict=True)
        ]

    exact = stats.exact
    return of(exact.mean, estimate.mean, "mean"), of(exact.var, estimate.var, "var")


def _expected(stats: Stats, estimate: BatchNormEstimate) -> Mapping[str, Floats]:
    """Return what shuffles lead to if images have one size, for a document that does not say.

    The start at 0 and 1 keeps its weight. Of the variance, batches leave out the variance between
    their means, and have ddof 1.
    """
    start, images = estimate.start_weight, stats.source.images
    batch = min(estimate.batch_size, images)
    within = stats.conventions.get("root_mean_image_variance", stats.exact.std)
    var = []
    for n, v, w in zip(stats.count, stats.exact.var, within, strict=True):
        samples = n * batch / images
        left_out = max(0.0, v - w * w) * (1 / batch - 1 / images)
        var.append(start + (1 - start) * (v - left_out) * samples / max(1.0, samples - 1))
    return {"mean": tuple((1 - start) * m for m in stats.exact.mean), "var": tuple(var)}
