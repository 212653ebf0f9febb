"""Rows held against the first of them: the differences and what follows, as one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bnstat.errors import SourceError
from bnstat.result import MeanAndStd
from bnstat.show.changes import ComparedRow, Difference, difference
from bnstat.show.significance import Pair, adjusted_p_values, group_p_values
from bnstat.show.verdicts import Finding, find
from bnstat.text import Displayed, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from bnstat.pictures import Differences


@dataclass(frozen=True, repr=False)
class Comparison(Displayed):
    """Rows, the first of which is the baseline; their differences from it; what follows."""

    rows: tuple[ComparedRow, ...]
    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The answer and what to do, as sentences; not what is as it should be."""
        return tuple(finding.text for finding in self.findings if not finding.detail)

    @property
    def largest(self) -> float:
        """The largest absolute difference from the baseline of all rows."""
        return max(difference.largest for difference in self.differences)

    def picture(self) -> Differences:
        """Return the differences of all rows but the baseline as a picture."""
        from bnstat.pictures import Differences

        rows, channels = self.rows[1:], self.rows[0].channels or self.rows[-1].channels
        none = (0.0,) * len(self.rows[0].mean)
        margins = [off.pair.margin or MeanAndStd(none, none) for off in self.differences[1:]]
        return Differences(
            baseline=printable(self.rows[0].name),
            channels=channels or [f"C{i}" for i in range(len(none))],
            names=[printable(row.name) for row in rows],
            mean=[off.mean for off in self.differences[1:]],
            std=[off.std for off in self.differences[1:]],
            mean_margin=[margin.mean for margin in margins],
            std_margin=[margin.std for margin in margins],
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the differences on matplotlib axes, by default those of a new figure; return them.

        Raises
        ------
        OutputError
            If matplotlib is missing.
        """
        from bnstat.pictures import plot_on

        return plot_on(self.picture(), ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as docs/compare.md describes its JSON."""
        return {
            "format": "bnstat.comparison",
            "version": 1,
            "rows": [
                {
                    "name": row.name,
                    "source": row.source,
                    "pipeline": row.pipeline,
                    "selection": row.result.selection.words if row.result else None,
                    "max_value": row.result.max_value if row.result else None,
                    "methods": {
                        name: None if value is None else {"mean": value[0], "std": value[1]}
                        for name, value in row.methods.items()
                    },
                    "delta": {"mean": d.mean, "std": d.std},
                    "delta_in_std": {"mean": d.mean_in_std, "std": d.std_in_std},
                    "distribution": row.distribution,
                    "margin": d.pair.margin and vars(d.pair.margin),
                    "population_margin": d.pair.paired and vars(d.pair.paired.population_margin),
                    "margin_is_upper_bound": bool(d.pair.paired and d.pair.paired.upper_bound),
                    "shared_images": _shared(d.pair),
                    "p_values": d.p_values and vars(d.p_values),
                }
                for row, d in zip(self.rows, self.differences, strict=True)
            ],
            "verdicts": self.verdicts,
        }


def _shared(pair: Pair) -> int | None:
    """Return how many images both have; of the same images it is not asked."""
    shared = None if pair.same_images else pair.shared_images
    return None if shared is None else round(shared)


def compare(rows: Sequence[ComparedRow]) -> Comparison:
    """Hold each row against the first.

    Raises
    ------
    SourceError
        If they have different channels.
    """
    baseline = rows[0]
    for row in rows:
        if not _comparable(row, baseline):
            raise SourceError(
                f"{row.name} has {_channels(row)}, {baseline.name} has {_channels(baseline)}; "
                "they need the same --mode, and pipelines that keep it"
            )
    pairs = [Pair(row.result, baseline.result, row.paired) for row in rows]
    whole = baseline.result
    p_values = adjusted_p_values(
        [
            group_p_values(row.group, whole) if row.group and whole else pair.p_values()
            for row, pair in zip(rows, pairs, strict=True)
        ]
    )
    differences = tuple(
        replace(difference(row, baseline), pair=pair, p_values=p)
        for row, pair, p in zip(rows, pairs, p_values, strict=True)
    )
    return Comparison(tuple(rows), differences, tuple(find(rows, differences)))


def _comparable(row: ComparedRow, baseline: ComparedRow) -> bool:
    if None in (row.channels, baseline.channels):
        return len(row.mean) == len(baseline.mean)
    return row.channels == baseline.channels


def _channels(row: ComparedRow) -> str:
    if row.channels:
        return f"channels {''.join(row.channels)}"
    return "1 channel" if len(row.mean) == 1 else f"{len(row.mean)} channels"
