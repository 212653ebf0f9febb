"""What would narrow the margins, in words."""

import math
from dataclasses import replace

import pytest

from bnstat import show as reports
from bnstat.result import MeanAndStd, Sample, Uncertainty

# Of 95 % of a normal distribution.
QUANTILE = 1.959963984540054


def said(stats, share_of_images):
    """Return what is said of a sample of half of the images, drawn twice at random.

    The squared margin is what the images left out contribute, ½·(1.96·error)², and the rest.
    """
    error = 0.01
    left_out = 0.5 * (QUANTILE * error) ** 2
    half = (left_out / share_of_images) ** 0.5
    images = stats.source.images
    certain = replace(
        stats,
        sample=Sample(images, 2 * images, "50%", 0),
        uncertainty=Uncertainty(
            0.95,
            ("sample", "draws"),
            MeanAndStd((half,) * 3, (half / 2,) * 3),
            True,
            MeanAndStd((error,) * 3, (error / 2,) * 3),
        ),
    )
    return [line for line in reports.text(reports.report(certain)).splitlines() if "narrow" in line]


@pytest.mark.parametrize(
    ("share", "line"),
    [
        (0.8, "The margins come from the sample; more images narrow them."),
        (0.25, "The margins come from the random draws; more epochs narrow them."),
    ],
)
def test_what_the_margin_is_made_of(stats, share, line):
    """What makes most of it is what to work on."""
    assert line in said(stats, share)


def test_one_draw_does_not_tell(stats):
    """With one epoch, images and draws cannot be told apart."""
    once = replace(stats, pipeline=replace(stats.pipeline, epochs=1))
    margin = MeanAndStd((0.01, 0.02, 0.03), (0.001, 0.002, 0.003))
    uncertain = replace(once, uncertainty=Uncertainty(0.95, ("draws",), margin, True, margin))
    assert "One draw of each image does not tell images from draws; --epochs 2 does." in (
        reports.text(reports.report(uncertain))
    )


def test_how_many_images_narrower_margins_need(stats):
    """Of 100 among 10,000: 1/m - 1/N falls as the square of the margin; wider ones need no line."""
    margin = MeanAndStd((0.003,) * 3, (0.002,) * 3)
    sampled = replace(
        stats,
        source=replace(stats.source, images=100),
        sample=Sample(100, 10_000, "1%", 0),
        uncertainty=Uncertainty(0.95, ("sample",), margin, True, margin),
    )
    need = {0.002: 1 / ((1 / 100 - 1e-4) * (2 / 3) ** 2 + 1e-4)}
    need[0.001] = 1 / ((1 / 100 - 1e-4) * (1 / 3) ** 2 + 1e-4)
    line = ", ".join(f"{math.ceil(n):,} images for ±{tol}" for tol, n in need.items())
    shown = reports.text(reports.report(sampled))
    assert f"Narrower margins need about {line}." in shown
