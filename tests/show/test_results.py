"""What a result says of itself, and from which difference on."""

from dataclasses import replace

import pytest

from bnstat import show as reports
from bnstat.result import Estimate
from bnstat.show.results import decimals


def said(stats, **methods):
    """Return the report of a result, some of whose estimates are others."""
    text = reports.report(replace(stats, methods={**stats.methods, **methods}))
    return reports.text(text)


@pytest.mark.parametrize(("off", "shown"), [(0.0, False), (9e-10, False), (2e-9, True)])
def test_methods_that_agree_but_for_rounding(stats, off, shown):
    """A difference of 1e-9 is rounding of float64 in millions of images."""
    exact = stats.methods["two-pass"]
    welford = Estimate((exact.mean[0] + off, *exact.mean[1:]), exact.var)

    assert ("welford differs by 2e-09" in said(stats, welford=welford)) == shown


@pytest.mark.parametrize(
    ("left", "off", "words"),
    [
        (6e-5, 0.0, "not converged, less than 0.01 % is still the initial"),
        (5e-5, 0.0, "not converged, less than 0.01 % is still the initial"),
        (4e-5, 0.0, None),
        (0.0, 0.02, "off by up to 0.02"),
    ],
)
def test_what_is_said_of_batchnorm(stats, left, off, words):
    """That initial values show in four digits, or how far off it is; else nothing."""
    exact, batchnorm = stats.methods["two-pass"], stats.methods["batchnorm"]
    near = (exact.mean[0] + off, *exact.mean[1:])
    batchnorm = replace(batchnorm, mean=near, var=exact.var, start_weight=left)
    text = said(stats, batchnorm=batchnorm)

    assert words in text if words else "BatchNorm2d would hold" not in text


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(0.0477, 3), (0.00041, 5), (0.0, 6), (9.9, 1), (0.1, 2), (1e-11, 12), (float("inf"), 6)],
)
def test_decimals_of_a_figure(margin, expected):
    """Two digits of its margin, at least one, at most twelve."""
    assert decimals(margin) == expected


@pytest.mark.parametrize(("length", "shown"), [(100, True), (101, False)])
def test_a_command_that_is_too_long_names_no_sources(stats, length, shown):
    """It has to be read, and typed."""
    means = tuple(mean + 1e-8 for mean in stats.mean)
    source = replace(stats.source, locations=("x" * length,), files_from=None)
    conventions = {**stats.conventions, "mean_of_image_means": means}
    text = said(replace(stats, source=source, conventions=conventions))

    assert ("x" * length in text.partition("What a model sees:")[2]) == shown
    assert ("bnstat compute SOURCE... --augment imagenet-train" in text) != shown


@pytest.mark.parametrize(("off", "differ"), [(9e-10, False), (2e-9, True)])
def test_images_that_differ_in_size(stats, off, differ):
    """Else the pooled mean and the mean of the images' means are the same."""
    means = tuple(mean + off for mean in stats.mean)
    conventions = {**stats.conventions, "mean_of_image_means": means}

    assert ("Images differ in size" in said(replace(stats, conventions=conventions))) == differ


def test_channels_of_arrays_are_counted(stats):
    """They are not those of the mode, which converts images alone."""
    assert "3 channels in [0, 1]" in said(replace(stats, channels=("C0", "C1", "B")))
    assert "RGB in [0, 1]" in said(stats)
