"""Keras, on torch, reads what `keras` writes."""

import runpy

import numpy as np
import pytest


@pytest.fixture(scope="module")
def keras(tmp_path_factory):
    """The library, with torch below it, and a folder of settings that is not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        return pytest.importorskip("keras", reason="keras is missing: pip install keras")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("scale", ["255", "1"])
def test_it_normalizes(keras, measured, export, mode, scale):
    """Images of shape (N, H, W, C), in its unit."""
    result = measured(mode)
    layer = runpy.run_path(str(export(result, "keras", "--scale", scale)))["normalization"]
    batch = result.pixels[None] * np.float32(int(scale) / 255)
    [found] = layer(batch).detach().numpy()

    assert result.agrees(found.transpose(2, 0, 1))


def test_the_pipeline_is_in_the_comment(measured, export):
    """So that nobody loses how the numbers were made."""
    text = export(measured("RGB", "Resize(256) | CenterCrop(224)"), "keras").read_text()

    assert " through Resize(256) | CenterCrop(224): 4 images" in text
