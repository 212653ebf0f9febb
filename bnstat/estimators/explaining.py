"""The recipe that gives the digits of a constant.

Any digits are met by some recipe if there are enough of them. So an agreement is called a match
only where at most `MAX_BY_CHANCE` agreements were to be expected by accident: the number of
different figures up to it, times the orders of channels and the units it was tried in, times the
share of a plausible range that agrees with such digits, of each channel.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bnstat.estimators.image_moments import ImageMoments
from bnstat.estimators.recipes import Candidate, candidates
from bnstat.moments import Floats
from bnstat.result.explanation import OTHER, Digits, Explained, Match

MAX_BY_CHANCE = 0.01
# How wide a range other data sets' figures plausibly lie in, as a share of the figure in [0, 1].
PLAUSIBLE = 0.5
# What float32 may change in a figure, in [0, 1], so that it is rounded to another digit.
FLOAT32_NOISE = 5e-7
_NEAREST = 3
# More channels than these are tried in their order and in the reverse.
_MAX_PERMUTED = 4
# Of fewer, a factor or an offset explains too much.
_FEWEST_CHANNELS = 3
# Within so many units of the last decimal, another order of channels is no accident.
_NEAR = 5
# Of fewer images, nearly any figure could be a sample's.
_SMALLEST_SAMPLE = 10


class Units(NamedTuple):
    """What constants are for: a mean is factor·mean + offset, a std factor·std, of [0, 1]."""

    name: str
    factor: float
    offset: float = 0.0

    def of(self, figure: str, values: Floats) -> Floats:
        return values * self.factor + (self.offset if figure == "mean" else 0.0)

    def from_given(self, figure: str, values: Sequence[float]) -> Floats:
        """Return values in these units as those of [0, 1]."""
        return (np.array(values) - (self.offset if figure == "mean" else 0.0)) / self.factor


UNIT = Units("[0, 1]", 1.0)
SIGNED = Units("[-1, 1]", 2.0, -1.0)
BYTES = Units("0-255", 255.0)
WORDS = Units("0-65535", 65535.0)
BY_255 = Units("16-bit samples divided by 255", 65535 / 255)


def units_of(mean: Digits, std: Digits, scale: int) -> tuple[Units, ...]:
    """Return the units that constants may be in, the likeliest first; they may say it."""
    if scale == 1:
        return (UNIT,)
    if mean.white is not None:
        name = UNIT.name if mean.white == 1 else f"0-{mean.white:g}"
        return (Units(name, mean.white),)
    deep = scale == 65535
    if max(map(abs, (*mean.values, *std.values))) > 1:
        return (BYTES, *((WORDS, BY_255) if deep else ()))
    if min(mean.values) < 0:
        return (SIGNED,)
    return (UNIT, SIGNED, *((BY_255,) if deep else ()))


@dataclass(frozen=True)
class MeasuredImages:
    """Images as they were measured: of which of several sources, through which transforms."""

    images: ImageMoments
    source: str | None = None
    pipeline: tuple[str, ...] = ()
    gray: bool = False


@dataclass
class _Search:
    """Looking for one figure among all recipes, views, units and orders of channels."""

    of: str
    given: Digits
    units: Sequence[Units]
    channels: tuple[str, ...]
    seen: set[bytes] = field(default_factory=set)

    def agreement(self, view: MeasuredImages, candidate: Candidate) -> Match | None:
        """Return the best of a candidate's units and orders; None where it has other channels."""
        values = _fitted(candidate.values, len(self.given))
        if values is None:
            return None
        self.seen.add(np.round(values / self._half(UNIT)).tobytes())
        trials = [
            self._trial(view, candidate, units, order, values)
            for units in self.units
            for order in _orders(values)
        ]
        agreeing = [trial for trial in trials if self.agrees(trial)]
        if agreeing:
            return agreeing[0]
        near = [t for t in trials if not t.reordered or t.distance <= _NEAR * self.given.unit]
        return min(near, key=lambda trial: trial.distance)

    def _trial(
        self,
        view: MeasuredImages,
        candidate: Candidate,
        units: Units,
        order: tuple[int, ...],
        values: Floats,
    ) -> Match:
        there = units.of(self.of, values[list(order)])
        recipe, reordered = candidate.recipe, order != tuple(range(len(order)))
        return Match(
            candidate.name,
            recipe.formula,
            recipe.in_use,
            view.source,
            view.pipeline,
            units.name,
            tuple(self.channels[c] for c in order) if len(order) == len(self.channels) else (),
            reordered,
            tuple(map(float, there)),
            float(np.abs(there - self.given.values).max()),
            self._by_chance(units, reordered),
        )

    def _half(self, units: Units) -> float:
        """Return how far a value may be from the digits, in their units."""
        return self.given.unit / 2 + FLOAT32_NOISE * units.factor

    def agrees(self, match: Match) -> bool:
        units = next(u for u in self.units if u.name == match.units)
        return match.distance <= self._half(units)

    def looks(self, match: Match) -> str:
        """Say what the difference of a figure from the digits looks like."""
        values, wanted = np.array(match.values), np.array(self.given.values)
        near = self.given.unit
        if match.reordered:
            return "another order of channels"
        if len(set(self.given.texts)) < _FEWEST_CHANNELS or not values.any():
            return OTHER
        factor, offset = values @ wanted / (values @ values), (wanted - values).mean()
        if np.abs(wanted - factor * values).max() <= near:
            return f"a factor of {factor:.4g}"
        return f"an offset of {offset:+.3g}" if np.ptp(wanted - values) <= 2 * near else OTHER

    def _by_chance(self, units: Units, reordered: bool) -> float:
        """Return how many agreements such as this one are expected by accident up to here."""
        values: list[float] = units.from_given(self.of, self.given.values).tolist()
        given = dict(zip(self.given.texts, values, strict=True))
        width = 2 * self._half(units) / units.factor
        shares = [width / max(PLAUSIBLE * abs(value), width) for value in given.values()]
        orders = math.factorial(min(len(given), _MAX_PERMUTED)) if reordered else 1
        return len(self.seen) * (self.units.index(units) + 1) * orders * math.prod(shares)


def explain(
    of: str,
    given: Digits,
    views: Sequence[MeasuredImages],
    units: Sequence[Units],
    channels: tuple[str, ...],
) -> Explained:
    """Find which recipes give the digits of a mean or a std; `views` with the simplest first."""
    search = _Search(of, given, units, channels)
    found = [
        match
        for view in views
        for candidate in candidates(of, view.images)
        if (match := search.agreement(view, candidate)) is not None
    ]
    agreeing = [match for match in found if search.agrees(match)]
    sure = tuple(match for match in agreeing if match.by_chance <= MAX_BY_CHANCE)
    if sure:
        return Explained(given, sure, tried=len(search.seen))
    nearest = list(itertools.islice(_nearest(search, found), _NEAREST))
    return Explained(
        given,
        (),
        tuple(agreeing),
        tuple(match for match, _ in nearest),
        tuple(looks for _, looks in nearest),
        _sample(of, given, views[0].images, units[0]),
        len(search.seen),
    )


def _fitted(values: Floats, channels: int) -> Floats | None:
    """Return values for so many channels, where one may stand for all; None where they differ."""
    if len(values) == channels:
        return values
    if len(values) == 1:
        return np.repeat(values, channels)
    return values[:1] if channels == 1 and (values == values[0]).all() else None


def _orders(values: Floats) -> Iterator[tuple[int, ...]]:
    """Yield the orders in which channels may stand, their own first."""
    own = tuple(range(len(values)))
    if (values == values[0]).all():
        yield own
    elif len(own) <= _MAX_PERMUTED:
        yield from itertools.permutations(own)
    else:
        yield from (own, own[::-1])


def _nearest(search: _Search, found: Sequence[Match]) -> Iterator[tuple[Match, str]]:
    """Yield what comes near, and what the differences look like; equal figures once.

    A figure that differs by a factor or an offset tells more than one that happens to be near.
    """
    with_looks = [(match, search.looks(match)) for match in found]
    telling = [each for each in with_looks if each[1] != OTHER]
    others = [each for each in with_looks if each[1] == OTHER]
    others.sort(key=lambda each: each[0].distance)
    seen: list[tuple[float, ...]] = []
    for match, looks in (*telling, *others):
        if not any(np.allclose(match.values, values, rtol=0, atol=1e-6) for values in seen):
            seen.append(match.values)
            yield match, looks


def _sample(of: str, given: Digits, images: ImageMoments, units: Units) -> int | None:
    """Return of how many images a random sample could give these digits, as the pooled figure."""
    n, mean, m2 = images.pooled
    weights = images.n / images.n.mean(axis=0)
    if of == "mean":
        exact, each = mean, weights * (images.mean - mean)
    else:
        exact = np.sqrt(m2 / n)
        var = images.var + (images.mean - mean) ** 2 - exact**2
        each = weights * var / np.where(exact > 0, 2 * exact, np.nan)
    wanted = units.from_given(of, given.values)
    if len(wanted) != len(exact):
        return None
    spread = each.std(axis=0)
    shares = ((wanted - exact) / np.where(spread > 0, spread, np.nan)) ** 2
    if not np.isfinite(shares).all() or not shares.mean():
        return None
    number = round(1 / shares.mean())
    return number if _SMALLEST_SAMPLE <= number < len(images) else None
