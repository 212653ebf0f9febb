"""ncnn runs what `ncnn` writes."""

import re
import runpy

import numpy as np
import pytest

ncnn = pytest.importorskip("ncnn", reason="ncnn is missing: pip install ncnn")

TYPES = {"RGB": "PIXEL_RGB", "L": "PIXEL_GRAY", "RGBA": "PIXEL_RGBA"}


def mat(pixels, mode):
    height, width = pixels.shape[:2]
    kind = getattr(ncnn.Mat.PixelType, TYPES[mode])
    return ncnn.Mat.from_pixels(np.ascontiguousarray(pixels.squeeze()), kind, width, height)


@pytest.mark.parametrize("mode", TYPES)
def test_it_normalizes(measured, export, mode):
    """Images as ncnn takes them."""
    result = measured(mode)
    normalize = runpy.run_path(str(export(result, "ncnn")))["normalize"]

    assert result.agrees(np.array(normalize(mat(result.pixels, mode))).reshape(len(mode), 40, 30))


def test_another_order_of_channels(measured, export):
    """For images that are loaded as BGR."""
    result = measured()
    file = export(result, "ncnn", "--channel-order", "bgr")
    found = runpy.run_path(str(file))["normalize"](mat(result.pixels[..., ::-1], "RGB"))

    assert result.agrees(np.array(found)[::-1])


def test_c_has_the_same_numbers(measured, export):
    """In the comment."""
    file = export(measured(), "ncnn")
    means, norms = re.findall(r"const float \w+\[\] = \{(.*)\};", file.read_text())
    found = runpy.run_path(str(file))

    assert [float(v) for v in means.split(",")] == found["MEAN_VALS"]
    assert [float(v) for v in norms.split(",")] == found["NORM_VALS"]
