"""How sure the figures of a result are, as values."""

from __future__ import annotations

from dataclasses import dataclass

from bnstat.result.estimates import Floats


@dataclass(frozen=True)
class MeanAndStd:
    """A figure of the mean and one of the std, per channel, in [0, 1]."""

    mean: Floats
    std: Floats


@dataclass(frozen=True)
class Uncertainty:
    """How sure `two-pass` is.

    Attributes
    ----------
    confidence
        Of the margins, in (0, 1).
    of
        What makes the figures uncertain: "sample", "draws"; empty where they are exact.
    margin
        Half-widths of the confidence intervals; None where the figures are exact.
    reliable
        Whether enough images carry the figures for the margins to hold.
    superpopulation
        Standard errors: how far a new set of as many images like these would be off.
    """

    confidence: float
    of: tuple[str, ...]
    margin: MeanAndStd | None
    reliable: bool
    superpopulation: MeanAndStd
