"""What would narrow the margins of a result, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bnstat.result import Stats
from bnstat.show.significance import images_needed, widest_margin

_ASKED_FOR = 0.005, 0.002, 0.001
# A part of the squared margin above this share is the one to work on.
_MOST = 0.5


def narrower(stats: Stats) -> Iterator[str]:
    """Yield a line on how many images certain margins take, and one on images or epochs."""
    widest = widest_margin(stats)
    if widest is None or not math.isfinite(widest) or not widest:
        return
    needed = {tolerance: images_needed(stats, tolerance / widest) for tolerance in _ASKED_FOR}
    known = [f"{n:,} images for ±{tolerance:g}" for tolerance, n in needed.items() if n]
    if known:
        yield f"Margins as narrow need about {', '.join(known)}."
    if "draws" in stats.uncertain_by:
        yield _images_or_epochs(stats)


def _images_or_epochs(stats: Stats) -> str:
    """Say what the margin is made of, where images are drawn at random.

    The squared standard error is (1 - m/N) times the squared superpopulation one, for the images
    left out, and what the draws add.
    """
    if stats.pipeline.epochs == 1:
        return "One draw of each image does not tell images from draws; --epochs 2 does."
    share = _share_of_images(stats)
    if share > _MOST:
        return f"More images would narrow the margins: {share:.0%} of their square is the sample."
    return f"More epochs would narrow the margins: {1 - share:.0%} of their square is the draws."


def _share_of_images(stats: Stats) -> float:
    """Return the share of the largest squared margin that comes from images left out."""
    sample, uncertainty = stats.sample, stats.uncertainty
    if sample is None or uncertainty is None or uncertainty.margin is None:
        return 0.0
    left_out = 1.0 - stats.source.images / sample.of
    margins = (*uncertainty.margin.mean, *uncertainty.margin.std)
    errors = (*uncertainty.superpopulation.mean, *uncertainty.superpopulation.std)
    half, error = max(zip(margins, errors, strict=True))
    quantile = _quantile(uncertainty.confidence)
    return min(1.0, left_out * (error * quantile / half) ** 2)


def _quantile(confidence: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf((1.0 + confidence) / 2.0)
