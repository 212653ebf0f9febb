"""A setting that is typed answers its warning in each verb; resampling beside left out pixels."""

import numpy as np
import pytest
from PIL import Image

import bnstat
from bnstat.result import Pipeline, Selection
from bnstat.result.input_warnings import warnings_of


@pytest.fixture
def folder(tmp_path):
    """A gray image, and one with transparent pixels, bright ones of which are hidden."""
    (tmp_path / "data").mkdir()
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, :8] = 255
    pixels[:, 8:, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "data" / "a.png")
    return tmp_path / "data"


def codes(stats):
    return [warning.code for warning in stats.warnings]


def test_compare_knows_what_was_typed(folder):
    """As compute does: its rows have no warning that is answered."""
    rows = bnstat.compare(folder, augment="none", workers=1).rows
    assert ["transparent", "all-gray"] == codes(rows[1].result)
    typed = {"alpha": "drop", "mode": "RGB", "workers": 1}
    assert [] == codes(bnstat.compare(folder, augment="none", **typed).rows[1].result)


def test_explain_knows_what_was_typed(folder):
    """Its first result tells the warnings."""
    constants = "0.5,0.5,0.5/0.5,0.5,0.5"
    found = bnstat.explain(constants, folder, workers=1)
    assert "all-gray" in codes(found.results[0])
    typed = bnstat.explain(constants, folder, workers=1, alpha="drop", mode="RGB")
    assert [] == codes(typed.results[0])


@pytest.mark.parametrize(
    ("transform", "settings", "expected"),
    [
        ("Resize(7)", {"alpha": "exclude"}, ["mixed-edges"]),
        ("Resize(7)", {"nodata": "255,255,255"}, ["mixed-edges"]),
        ("Resize(7, interpolation=NEAREST)", {"alpha": "exclude"}, []),
        ("CenterCrop(7)", {"alpha": "exclude"}, []),
        ("RandomRotation(9)", {"alpha": "exclude"}, []),
        ("RandomRotation(9, interpolation=BILINEAR)", {"alpha": "exclude"}, ["mixed-edges"]),
        ("Resize(7)", {"masks": "m/{stem}.png"}, []),
    ],
)
def test_resampling_beside_pixels_that_are_left_out(transform, settings, expected, folder):
    """Their colors are mixed in, which a line says; not where none is left out, or none mixed."""
    source = bnstat.compute(folder, workers=1).source
    pipeline = Pipeline(transform, (transform,), 0, 1)
    for excluded, lines in (((3, 3, 3), expected), ((0, 0, 0), [])):
        selection = Selection(excluded=excluded, **settings)
        assert lines == [w.code for w in warnings_of(source, selection, pipeline)]


@pytest.mark.long
def test_a_pipeline_that_resamples_gets_the_line(folder):
    """As it is measured: half of the image is left out."""
    of = {"workers": 1, "mode": "RGB", "augment": "Resize(7)"}
    assert ["mixed-edges"] == codes(bnstat.compute(folder, alpha="exclude", **of))
    assert [] == codes(bnstat.compute(folder, alpha="over:black", **of))
