"""What is compared, as rows; how far a row is from the baseline, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bnstat.result import EXACT, Floats, Group, MeanAndStd, PairedMargins, Stats
from bnstat.show.blocks import sigma
from bnstat.show.constants import Constants
from bnstat.show.significance import Pair

# A normalized input shifted by less than this many stds, or scaled by less, does not matter.
SHIFT = 0.05


@dataclass(frozen=True)
class ComparedRow:
    """A result, a group of its images, or constants from elsewhere, under a name.

    mean, std: per channel in [0, 1]; pipeline: the transforms, or None for constants; methods: mean
    and std by method; result: what was measured, or None; fresh: whether it was measured just now;
    group: of the baseline's images, or None; paired: margins of its differences from the baseline,
    where each image was measured in both, or None.
    """

    name: str
    source: str
    channels: tuple[str, ...] | None
    pipeline: tuple[str, ...] | None
    methods: Mapping[str, tuple[Floats, Floats] | None]
    mean: Floats
    std: Floats
    result: Stats | None = None
    fresh: bool = False
    group: Group | None = None
    paired: PairedMargins | None = None

    @property
    def distribution(self) -> dict[str, Floats]:
        """Percentiles and ends by name, as in "percentile 99.5"; empty where none is known."""
        return distribution(self.group or self.result)

    @classmethod
    def of_group(cls, label: str, group: Group, whole: Stats) -> ComparedRow:
        figures = group.exact.mean, group.exact.std
        source, steps = " ".join(whole.source.locations), whole.pipeline.transforms
        return cls(label, source, whole.channels, steps, {EXACT: figures}, *figures, group=group)

    @classmethod
    def of_stats(cls, name: str, stats: Stats, fresh: bool = False) -> ComparedRow:
        methods = {
            method: None if estimate is None else (estimate.mean, estimate.std)
            for method, estimate in stats.methods.items()
        }
        source, steps = " ".join(stats.source.locations), stats.pipeline.transforms
        figures = stats.exact.mean, stats.exact.std
        return cls(name, source, stats.channels, steps, methods, *figures, stats, fresh)

    @classmethod
    def of_constants(cls, constants: Constants) -> ComparedRow:
        figures = constants.mean, constants.std
        source = f"{constants.source} (std: {constants.convention})"
        return cls(constants.name, source, None, None, {"published": figures}, *figures)


def distribution(of: Stats | Group | None) -> dict[str, Floats]:
    """Return percentiles and ends of each channel by name, where they are known."""
    if of is None:
        return {}
    known = of.order_statistics
    figures = {f"percentile {q}": values for q, values in (known.quantiles or {}).items()}
    ends = {"min": known.min, "max": known.max}
    return figures | {name: values for name, values in ends.items() if values is not None}


@dataclass(frozen=True)
class Difference:
    """A row less the baseline: of mean and std, in [0, 1], and in the baseline's std.

    pair: their results; p_values: of mean and std, how likely such differences are by chance,
    adjusted over all figures of the comparison (Holm), or None for the same images.
    """

    mean: Floats
    std: Floats
    mean_in_std: tuple[float | None, ...]
    std_in_std: tuple[float | None, ...]
    pair: Pair = field(default=Pair(None, None), repr=False, compare=False)
    p_values: MeanAndStd | None = None

    @property
    def largest(self) -> float:
        """The largest absolute difference of a mean or std."""
        return max(map(abs, (*self.mean, *self.std)))


def difference(row: ComparedRow, baseline: ComparedRow) -> Difference:
    mean = tuple(a - b for a, b in zip(row.mean, baseline.mean, strict=True))
    std = tuple(a - b for a, b in zip(row.std, baseline.std, strict=True))
    return Difference(mean, std, _in(mean, baseline.std), _in(std, baseline.std))


def _in(values: Floats, std: Floats) -> tuple[float | None, ...]:
    """Return differences in units of a std; None where that is 0."""
    return tuple(v / s if s else None for v, s in zip(values, std, strict=True))


def normalized(row: ComparedRow, by: ComparedRow) -> tuple[Floats, Floats]:
    """Return the mean and std that a row has after normalizing with another's."""
    mean = tuple((a - b) / s for a, b, s in zip(row.mean, by.mean, by.std, strict=True))
    return mean, tuple(a / b for a, b in zip(row.std, by.std, strict=True))


@dataclass(frozen=True)
class Change:
    """What normalizing a row with the baseline's figures leaves of a shift and of a scale.

    mean: in the baseline's std; std: as a multiple of it; known: for each figure whether it is
    beyond its margin and beyond chance; None for figures that are exact and of the same images;
    pair: their results.
    """

    row: ComparedRow
    baseline: ComparedRow
    mean: Floats
    std: Floats
    known: tuple[bool, ...] | None
    pair: Pair

    @property
    def marks(self) -> tuple[bool, ...]:
        """Whether each mean, and then each std, differs enough to matter."""
        shifts = [abs(value) > SHIFT for value in self.mean]
        return (*shifts, *(abs(value - 1) > SHIFT for value in self.std))

    @property
    def matters(self) -> bool:
        """Whether any figure differs enough to matter."""
        return any(self.marks)

    @property
    def is_sure(self) -> bool:
        """Whether what matters, or else anything, is more than its margin and than chance."""
        if self.known is None:
            return True
        asked = self.marks if self.matters else (True,) * len(self.known)
        return any(known for known, mark in zip(self.known, asked, strict=True) if mark)


def change(row: ComparedRow, baseline: ComparedRow, off: Difference) -> Change | None:
    """Return the change from the baseline to a row; None where a std of the baseline is 0."""
    if 0.0 in baseline.std:
        return None
    mean, std = normalized(row, baseline)
    return Change(row, baseline, mean, std, _known(off), off.pair)


def sentence(found: Change) -> str:
    name, other = found.row.name, found.baseline.name
    level = f"{100 * found.pair.confidence:g} %"
    if found.matters:
        if found.is_sure:
            return f"{name} differs from {other}: {surely(found, level)}."
        size = ", ".join(_in_words(found))
        return f"{name} may differ from {other}: {size}, but {_doubt(found)} ({level})."
    shift, scale = max(map(abs, found.mean)), max(abs(s - 1) for s in found.std)
    if shift == scale == 0.0:
        return f"{name} does not differ from {other}."
    size = f"no mean by more than {sigma(shift).lstrip('+')}, no std by more than {_percent(scale)}"
    if found.known is not None and found.is_sure:
        return f"{name} differs from {other} by a real but small shift ({level}): {size}."
    return f"{name} does not differ from {other} enough to matter: {size}."


def surely(found: Change, level: str) -> str:
    """Say what is sure of a change, and behind it what is not."""
    said = _in_words(found)
    if found.known is None:
        return ", ".join(said)
    limit = "the margins" if found.pair.same_images else "chance"
    sure = f"{', '.join(words for words in said if said[words])}, more than {limit} ({level})"
    rest = ", ".join(words for words in said if not said[words])
    doubt = "is within the margins" if found.pair.same_images else "may be chance"
    return f"{sure}; {rest}, which {doubt}" if rest else sure


def _in_words(found: Change) -> dict[str, bool]:
    """Return how brightness and contrast change, where that matters, and whether it is sure."""
    number = len(found.mean)
    known = found.known or (True,) * 2 * number
    sure = [is_known and mark for is_known, mark in zip(known, found.marks, strict=True)]
    said = {}
    if any(found.marks[:number]):
        said[f"brightness {_way(found.mean, sigma)}"] = any(sure[:number])
    if any(found.marks[number:]):
        contrast = _way([s - 1 for s in found.std], _signed_percent)
        said[f"contrast {contrast}"] = any(sure[number:])
    return said


def _way(values: Sequence[float], written: Callable[[float], str]) -> str:
    low, high = min(values), max(values)
    if low < -SHIFT and high > SHIFT:
        return f"changes by {written(low)} to {written(high)}"
    largest = max(values, key=abs)
    up_to = "by up to" if len(values) > 1 else "by"
    return f"{'grows' if largest > 0 else 'falls'} {up_to} {written(largest).lstrip('+-')}"


def _doubt(found: Change) -> str:
    if found.pair.same_images:
        return "the sample is too small to tell"
    shared = found.pair.shared_images
    if shared is None:
        return (
            "sets of this size that share no image differ as much by chance, and it is not known "
            "whether these share any"
        )
    sharing = f" that share {shared:,.0f} images" if shared >= 1 else ""
    return f"sets of this size{sharing} differ as much by chance"


def _known(off: Difference) -> tuple[bool, ...] | None:
    """Return for each mean and std whether it is beyond its margin and beyond chance."""
    figures = [*map(abs, off.mean), *map(abs, off.std)]
    margin, p_values, level = off.pair.margin, off.p_values, 1 - off.pair.confidence
    if margin is None and p_values is None:
        return None
    halves = (*margin.mean, *margin.std) if margin else (-math.inf,) * len(figures)
    chances = (*p_values.mean, *p_values.std) if p_values else (0.0,) * len(figures)
    rows = zip(figures, halves, chances, strict=True)
    return tuple(value > half and p < level for value, half, p in rows)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"


def _signed_percent(share: float) -> str:
    return f"{'+' if share > 0 else '-'}{_percent(abs(share))}"
