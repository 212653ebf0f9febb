"""The numbers that targets write."""

from dataclasses import replace

import numpy as np
import pytest

from bnstat.errors import ExportError
from bnstat.result import Estimate
from bnstat.targets.figures import Figures, estimate_of


@pytest.fixture
def four(stats):
    """A result with four channels, all different."""
    exact = Estimate((0.1, 0.2, 0.3, 0.4), (0.01, 0.04, 0.09, 0.16))
    methods = {**stats.methods, "two-pass": exact}
    return replace(stats, channels=("R", "G", "B", "A"), mode="RGBA", methods=methods)


@pytest.mark.parametrize("method", ["two-pass", "welford", "batchnorm"])
def test_figures_are_the_method_s(stats, method):
    """As they are, for images in [0, 1]."""
    figures = Figures(stats, method)
    estimate = stats.methods[method]

    assert (figures.mean, figures.var) == (estimate.mean, estimate.var)
    assert figures.std == estimate.std
    assert figures.nonzero_std == estimate.std
    assert figures.channels == ("R", "G", "B")


def test_scale_is_the_images_unit(four):
    """Mean and std grow with it, the variance with its square."""
    figures = Figures(four, scale=255)

    assert np.allclose(figures.mean, [25.5, 51, 76.5, 102], rtol=1e-15)
    assert np.allclose(figures.std, [25.5, 51, 76.5, 102], rtol=1e-15)
    assert np.allclose(figures.var, np.array([25.5, 51, 76.5, 102]) ** 2, rtol=1e-15)


def test_bgr_turns_colours_and_leaves_alpha(four):
    """Channels and all figures alike."""
    figures = Figures(four, order="bgr")

    assert figures.channels == ("B", "G", "R", "A")
    assert figures.mean == (0.3, 0.2, 0.1, 0.4)
    assert figures.var == (0.09, 0.04, 0.01, 0.16)


def test_one_channel_has_any_order(stats):
    """Nothing is to be turned."""
    gray = replace(
        stats, channels=("L",), methods={**stats.methods, "two-pass": Estimate((0.5,), (0.1,))}
    )

    assert Figures(gray, order="bgr").mean == (0.5,)


def test_channels_without_colours_have_no_order_bgr(stats):
    """YCbCr turned around would be nothing that anybody has."""
    other = replace(stats, channels=("Y", "Cb", "Cr"))
    with pytest.raises(ExportError) as refused:
        Figures(other, order="bgr")

    assert str(refused.value) == "channels Y, Cb, Cr have no order bgr; only R, G, B do"


def test_digits(stats):
    """As many as are asked for; else the fewest that are the same float32."""
    assert Figures(stats).numbers([1 / 3, 0.485]) == [0.33333334, 0.485]
    assert Figures(stats, precision=3).numbers([1 / 3, 123.456]) == [0.333, 123.0]
    assert Figures(stats, precision=17).numbers([1 / 3]) == [1 / 3]


@pytest.mark.parametrize("var", [0.0, 1e-200])
def test_a_std_of_0_divides_nothing(stats, var):
    """The channel is named; also where only a float32 of it is 0."""
    exact = Estimate((0.5, 0.5, 0.5), (0.1, var, 0.1))
    figures = Figures(replace(stats, methods={**stats.methods, "two-pass": exact}))
    with pytest.raises(ExportError) as refused:
        figures.nonzero_std  # noqa: B018

    assert str(refused.value) == (
        "channel G has std 0, as all its samples are equal; Normalize would divide by zero"
    )


@pytest.mark.parametrize("method", ["two-pass", "welford", "batchnorm"])
def test_the_chosen_method_s_figures_are_taken(stats, method):
    """Each by its name."""
    assert estimate_of(stats, method) is stats.methods[method]


def test_an_unknown_method_is_refused(stats):
    """With those that there are."""
    with pytest.raises(ExportError) as refused:
        estimate_of(stats, "median")

    assert str(refused.value) == f"no method 'median'; there are {', '.join(stats.methods)}"


def test_a_method_that_could_not_be_had_is_refused(stats):
    """With the cause that stands in the document, and the way out."""
    stats = replace(
        stats,
        methods={**stats.methods, "batchnorm": None},
        reasons={"batchnorm": "a batch has one sample"},
    )
    with pytest.raises(ExportError) as refused:
        estimate_of(stats, "batchnorm")

    assert str(refused.value) == (
        "the result has no batchnorm figures: a batch has one sample; try --method two-pass"
    )
