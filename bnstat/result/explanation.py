"""Where constants come from, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from typing import Any

from bnstat.result.estimates import Floats
from bnstat.result.stats import Stats
from bnstat.text import Displayed

# How constants differ where no factor, offset or order of channels tells it.
OTHER = "other images, or another recipe"


@dataclass(frozen=True)
class Digits:
    """Numbers as they are written, one a channel.

    values: in the units they are written in; unit: one of the last decimal of the longest of them,
    as JSON writes 0.2010 as 0.201; white: what the largest sample is in these units, None where
    that is not said.
    """

    texts: tuple[str, ...]
    unit: float
    white: float | None = None

    @classmethod
    def of(cls, numbers: Sequence[str | Decimal], white: float | None = None) -> Digits:
        """Return numbers as they are written.

        >>> Digits.of(["0.1994", "0.201"]).texts
        ('0.1994', '0.2010')
        """
        decimals = [Decimal(number) for number in numbers]
        last = min(0, *(int(number.as_tuple().exponent) for number in decimals))
        texts = tuple(f"{number:.{-last}f}" for number in decimals)
        return cls(texts, 10.0**last, white)

    @property
    def values(self) -> Floats:
        """The numbers."""
        return tuple(map(float, self.texts))

    def __len__(self) -> int:
        return len(self.texts)

    def __str__(self) -> str:
        return ", ".join(self.texts)


@dataclass(frozen=True)
class Match:
    """What a recipe gives, beside the digits that are to be explained.

    Attributes
    ----------
    recipe, formula, in_use
        What it is, in words and as a formula, and where it is in use.
    source, pipeline
        Which of several sources it is of, or None; the transforms that images went through.
    units
        What the constants are for: "[0, 1]", "0-255", "[-1, 1]" or others of 16-bit samples.
    channels, reordered
        The names of the images' channels in the order in which the constants stand, and whether
        that is another than the images'.
    values
        In the units and the order of the constants.
    distance
        The largest difference from them, in these units.
    by_chance
        How many recipes up to this one are expected to agree with such digits by accident.
    """

    recipe: str
    formula: str
    in_use: str
    source: str | None
    pipeline: tuple[str, ...]
    units: str
    channels: tuple[str, ...]
    reordered: bool
    values: Floats
    distance: float
    by_chance: float


@dataclass(frozen=True)
class Explained:
    """A mean or std that was looked for.

    Attributes
    ----------
    given
        As it is written.
    matches
        The recipes that give these digits, the simplest first.
    accidental
        Those that give them too, which as many recipes can by accident; none where there are
        matches.
    nearest
        Without a match, the nearest recipes, and in `looks` what the difference looks like.
    sample
        Without a match, of how many images a random sample could give it; None where none could.
    tried
        How many different figures there were.
    """

    given: Digits
    matches: tuple[Match, ...]
    accidental: tuple[Match, ...] = ()
    nearest: tuple[Match, ...] = ()
    looks: tuple[str, ...] = ()
    sample: int | None = None
    tried: int = 0


@dataclass(frozen=True)
class Explanation(Displayed):
    """By which recipe constants come from images, and what they do to these.

    Attributes
    ----------
    constants
        Their name, or as they were typed.
    images, channels
        How many there are, and their channels' names.
    mean, std
        What was found of each.
    exact_mean, exact_std
        Of all pixels of the images, in [0, 1].
    normalized_mean, normalized_std
        What the images have after normalizing with the constants.
    results
        What was measured; none where records were read.
    """

    constants: str
    images: int
    channels: tuple[str, ...]
    mean: Explained
    std: Explained
    exact_mean: Floats
    exact_std: Floats
    normalized_mean: Floats
    normalized_std: Floats
    results: tuple[Stats, ...] = field(default=(), repr=False, compare=False)

    @property
    def found(self) -> bool:
        """Whether a recipe gives the mean or the std."""
        return bool(self.mean.matches or self.std.matches)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        values = asdict(replace(self, results=()))
        del values["results"]
        return {"format": "bnstat.explanation", "version": 1} | values

    def __repr__(self) -> str:
        """Return the recipes."""
        both = (("mean", self.mean), ("std", self.std))
        said = [
            f"{name} {each.given}: {each.matches[0].recipe if each.matches else 'no recipe'}"
            for name, each in both
        ]
        return f"<bnstat.Explanation of {self.images:,} images: {'; '.join(said)}>"
