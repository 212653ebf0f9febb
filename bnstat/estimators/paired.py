"""How sure the difference is of two figures of the same images.

Both figures are linearized as in `spreads`: image i contributes aᵢ to the one and bᵢ to the
other, and dᵢ = bᵢ − aᵢ to their difference. What the images have in common is in both and cancels:
the difference varies as the dᵢ do, which is often far less than two independent sets would.

- Given the images, it varies with their random draws: (m/N)·s_w²/(m·E), with s_w² the variance of
  dᵢ over the draws within an image; of one draw, its upper bound by regression on the plain image.
- Of m images sampled from N, (1 − m/N)·s²/m is added, with s² the variance of the dᵢ.
- Of other images like these, it varies as s²/m, images and draws together.

Two random pipelines are drawn with the same seeds, so that draws of an epoch are paired, too. Where
an image is in one of both alone, as its pipeline failed, what it contributes to that one stands for
others like it: with u images in any of both, dᵢ = u·(bᵢ/m_b − aᵢ/m_a), less the term that is not
there. Its draws are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bnstat.estimators.intervals import margin, p_value, t_quantile
from bnstat.estimators.methods import two_pass
from bnstat.estimators.spreads import (
    Design,
    OneDraw,
    Spread,
    contributions,
    controls_of,
    effective_images,
    shares,
    spread_of,
)
from bnstat.estimators.uncertainty import FEWEST_EFFECTIVE_IMAGES, of_both, plain_images
from bnstat.moments import ChannelMoments, Floats, Ints, Records
from bnstat.result import Estimate, MeanAndStd, PairedMargins


def paired_margins(
    baseline: Records,
    other: Records,
    found: int,
    *,
    random: bool,
    confidence: float,
    controls: Records | None = None,
    baseline_is_fixed: bool = True,
) -> PairedMargins | None:
    """Return how sure the differences are of `other` less `baseline`.

    None where fewer than two images are in both. Both have as many draws, or one in one of both;
    found, random, confidence, controls: as of `uncertainty`; baseline_is_fixed: whether nothing is
    drawn at random in the baseline.
    """
    shared = Shared.of(list(baseline.keys()), list(other.keys()))
    if len(shared.ones) < 2:
        return None
    draws = baseline.draws, other.draws
    design = Design(max(found - shared.images, 0) + len(shared.ones), max(draws), random)
    plain = plain_images(shared.keys, controls) if random and max(draws) == 1 else None
    pairs = [
        difference_spreads(
            baseline.column(c),
            other.column(c),
            draws,
            design,
            controls_of(plain[c % len(plain)]) if plain else None,
            shared,
            baseline_is_fixed=baseline_is_fixed,
        )
        for c in range(len(baseline.channels))
    ]
    quantile = t_quantile((1.0 + confidence) / 2.0, shared.images - 1)
    uncertain = random or design.found > len(shared.ones)
    return PairedMargins(
        margin=of_both(pairs, lambda s: margin(s, confidence)) if uncertain else None,
        population_margin=of_both(pairs, lambda s: quantile * s.superpopulation),
        upper_bound=random and design.draws == 1,
        reliable=all(s.effective_images >= FEWEST_EFFECTIVE_IMAGES for pair in pairs for s in pair),
        p_values=_p_values(pairs, two_pass(baseline), two_pass(other)) if uncertain else None,
    )


def _p_values(pairs: Sequence[tuple[Spread, Spread]], one: Estimate, other: Estimate) -> MeanAndStd:
    """Return how likely draws and sample alone lead to such differences."""
    mean, std = (
        tuple(
            p_value(pair[i], b - a)
            for pair, a, b in zip(pairs, getattr(one, figure), getattr(other, figure), strict=True)
        )
        for i, figure in enumerate(("mean", "std"))
    )
    return MeanAndStd(mean, std)


@dataclass(frozen=True)
class Shared:
    """Which images of two sets are the same.

    keys: of those in both; ones, others: their places in each set; images: how many are in any.
    """

    keys: Sequence[bytes]
    ones: Ints
    others: Ints
    images: int

    @classmethod
    def of(cls, ones: Sequence[bytes], others: Sequence[bytes]) -> Shared:
        if ones == others:
            every = np.arange(len(ones))
            return cls(ones, every, every, len(ones))
        places = {key: place for place, key in enumerate(ones)}
        both = [(places[key], place) for place, key in enumerate(others) if key in places]
        first, second = np.array(both, dtype=np.int64).reshape(-1, 2).T
        keys = [ones[place] for place in first]
        return cls(keys, first, second, len(ones) + len(others) - len(both))

    def difference(self, one: Floats, other: Floats) -> Floats:
        """Return what each image in any set contributes to the difference, (images,), on average.

        `one` and `other` are of shape (images, draws).
        """
        a, b = -one.mean(axis=1) / len(one), other.mean(axis=1) / len(other)
        b[self.others] += a[self.ones]
        return self.images * np.append(b, np.delete(a, self.ones))


def difference_spreads(
    baseline: ChannelMoments,
    other: ChannelMoments,
    draws: tuple[int, int],
    design: Design,
    controls: Floats | None,
    shared: Shared,
    *,
    baseline_is_fixed: bool = True,
) -> tuple[Spread, Spread]:
    """Return how sure the differences of a channel's mean and std are; `draws` are of each.

    `controls` are of the images in both.
    """
    pairs = []
    for one, another in zip(contributions(baseline), contributions(other), strict=True):
        of_one, of_other = one.reshape(-1, draws[0]), another.reshape(-1, draws[1])
        known = None
        if controls is not None:
            share, fixed = shares(other)[shared.others], shares(baseline)[shared.ones]
            varies = of_other[shared.others]
            # A fixed baseline does not vary; of the same shares it cancels what is in both.
            if not baseline_is_fixed or np.array_equal(share, fixed):
                varies = varies - of_one[shared.ones]
            known = OneDraw(varies.mean(axis=1), share, controls)
        pairs.append(_difference_spread(of_one, of_other, design, known, shared))
    return pairs[0], pairs[1]


def _difference_spread(
    one: Floats, other: Floats, design: Design, known: OneDraw | None, shared: Shared
) -> Spread:
    spread = spread_of(other[shared.others] - one[shared.ones], design, known)
    if len(shared.ones) == shared.images:
        return spread
    every = shared.difference(one, other)
    error = float(np.sqrt(np.var(every, ddof=1) / len(every)))
    carried = min(spread.effective_images, effective_images(every))
    return replace(spread, superpopulation=error, effective_images=carried)
