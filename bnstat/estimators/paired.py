"""How sure the difference is of two figures of the same images.

Both figures are linearized as in `uncertainty`: image i contributes aᵢ to the one and bᵢ to the
other, and dᵢ = bᵢ − aᵢ to their difference. What the images have in common is in both and cancels:
the difference varies as the dᵢ do, which is often far less than two independent sets would.

- Given the images, it varies with their random draws: (m/N)·s_w²/(m·E), with s_w² the variance of
  dᵢ over the draws within an image; of one draw, its upper bound by regression on the plain image.
- Of m images sampled from N, (1 − m/N)·s²/m is added, with s² the variance of the dᵢ.
- Of other images like these, it varies as s²/m, images and draws together.

Two random pipelines are drawn with the same seeds, so that draws of an epoch are paired, too.
"""

from __future__ import annotations

from bnstat.estimators.student import t_quantile
from bnstat.estimators.uncertainty import (
    FEWEST_EFFECTIVE_IMAGES,
    Design,
    Spread,
    contributions,
    controls_of,
    margin,
    of_both,
    spread_of,
)
from bnstat.moments import Column, Floats, Records
from bnstat.result import PairedMargins


def paired_margins(
    baseline: Records, other: Records, found: int, *, random: bool, confidence: float
) -> PairedMargins | None:
    """Return how sure the differences are of `other` less `baseline`; None if images differ.

    Parameters
    ----------
    baseline, other
        Of the same images, with as many draws each, or one in the baseline.
    found
        How many images there are; those measured are a random sample of them, or all.
    random
        Whether draws of an image differ at random.
    confidence
        Of the margins, in (0, 1).
    """
    images = len(baseline)
    if images < 2 or list(baseline.keys()) != list(other.keys()):
        return None
    design = Design(found, max(baseline.draws, other.draws), random)
    pairs = [
        difference_spreads(
            baseline.column(c), other.column(c), (baseline.draws, other.draws), design
        )
        for c in range(len(baseline.channels))
    ]
    quantile = t_quantile((1.0 + confidence) / 2.0, images - 1)
    uncertain = random or images < found
    return PairedMargins(
        margin=of_both(pairs, lambda s: margin(s, confidence)) if uncertain else None,
        population_margin=of_both(pairs, lambda s: quantile * s.superpopulation),
        upper_bound=random and design.draws == 1,
        reliable=all(s.effective_images >= FEWEST_EFFECTIVE_IMAGES for pair in pairs for s in pair),
    )


def difference_spreads(
    baseline: Column, other: Column, draws: tuple[int, int], design: Design
) -> tuple[Spread, Spread]:
    """Return how sure the differences of a channel's mean and std are; `draws` are of each."""
    ones, others = contributions(baseline), contributions(other)
    controls = controls_of(baseline) if draws[0] == 1 else None
    mean, std = (
        spread_of(_difference(one, another, draws), design, controls)
        for one, another in zip(ones, others, strict=True)
    )
    return mean, std


def _difference(one: Floats, other: Floats, draws: tuple[int, int]) -> Floats:
    """Return differences of contributions, (images, draws); one draw is that of all epochs."""
    return other.reshape(-1, draws[1]) - one.reshape(-1, draws[0])
