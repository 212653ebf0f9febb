"""Figures that circulate as the std, against numpy."""

import numpy as np
import pytest

from bnstat.estimators import conventions


def test_each_is_what_its_name_says(records_of, crops):
    """Means over images of each image's own figure, an image weighing like any other."""
    pixels = [image / 255 for image in crops]
    means = np.array([image.mean(axis=1) for image in pixels])
    stds = np.array([image.std(axis=1) for image in pixels])
    found = conventions(records_of(crops))

    assert list(found) == ["mean_of_image_means", "mean_of_image_stds", "root_mean_image_variance"]
    assert found["mean_of_image_means"] == pytest.approx(means.mean(axis=0), rel=1e-12)
    assert found["mean_of_image_stds"] == pytest.approx(stds.mean(axis=0), rel=1e-12)
    assert found["root_mean_image_variance"] == pytest.approx(
        np.sqrt((stds**2).mean(axis=0)), rel=1e-12
    )


def test_an_image_of_one_pixel_has_a_std_of_0(records_of):
    """ddof is 0 within an image: one pixel is no division by zero."""
    found = conventions(records_of([np.array([[51]], dtype=np.uint8)]))

    assert found == {
        "mean_of_image_means": (0.2,),
        "mean_of_image_stds": (0.0,),
        "root_mean_image_variance": (0.0,),
    }


def test_values_are_plain_floats(records_of, frames):
    """They go into JSON as they are."""
    found = conventions(records_of(frames))

    assert {type(value) for values in found.values() for value in values} == {float}
