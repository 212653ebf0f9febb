"""What is compared: a result, a group or constants as a row, and a row less the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bnstat.result import EXACT, Floats, Group, PairedMargins, Stats
from bnstat.show.constants import Constants
from bnstat.show.significance import Pair


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
        """Return the row of a group of a result."""
        figures = group.exact.mean, group.exact.std
        methods = {EXACT: figures}
        source, steps = " ".join(whole.source.locations), whole.pipeline.transforms
        return cls(label, source, whole.channels, steps, methods, *figures, group=group)

    @classmethod
    def of_stats(cls, name: str, stats: Stats, fresh: bool = False) -> ComparedRow:
        """Return the row of a result."""
        methods = {
            method: None if estimate is None else (estimate.mean, estimate.std)
            for method, estimate in stats.methods.items()
        }
        source = " ".join(stats.source.locations)
        steps = stats.pipeline.transforms
        return cls(
            name,
            source,
            stats.channels,
            steps,
            methods,
            stats.exact.mean,
            stats.exact.std,
            stats,
            fresh,
        )

    @classmethod
    def of_constants(cls, constants: Constants) -> ComparedRow:
        """Return the row of constants."""
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
    p_values: tuple[Floats, Floats] | None = None

    @property
    def largest(self) -> float:
        """The largest absolute difference of a mean or std."""
        return max(map(abs, (*self.mean, *self.std)))


def difference(row: ComparedRow, baseline: ComparedRow) -> Difference:
    """Return a row less the baseline."""
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
