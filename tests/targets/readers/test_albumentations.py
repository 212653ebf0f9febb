"""albumentations reads what `albumentations` writes."""

import json
import runpy
from importlib.util import find_spec

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(
    not find_spec("albumentations"), reason="albumentations is missing: pip install albumentations"
)

MODES = pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
SCALES = pytest.mark.parametrize("scale", ["1", "255"])


def normalized(transform, pixels):
    """Return what a transform makes of an array of shape (H, W, C), as (C, H, W)."""
    return transform(image=pixels)["image"].transpose(2, 0, 1)


@MODES
@SCALES
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_snippet_normalizes(measured, export, mode, scale, dtype):
    """Images in 0-255, of either type; `scale` is only how mean and std are written."""
    result = measured(mode)
    file = export(result, "albumentations", "--scale", scale)
    transform = runpy.run_path(str(file))["normalize"]

    assert result.agrees(normalized(transform, result.pixels.astype(dtype)))


@MODES
@SCALES
def test_the_dictionary_normalizes(measured, export, mode, scale):
    """As `A.from_dict` reads it, and `A.load` the file."""
    import albumentations

    result = measured(mode)
    file = export(result, "albumentations", "--serialized", "--scale", scale)
    assert file.suffix == ".json"
    transform = albumentations.from_dict(json.loads(file.read_text()))

    assert result.agrees(normalized(transform, result.pixels))
    assert albumentations.to_dict(albumentations.load(file)) == albumentations.to_dict(transform)


def test_the_dictionary_is_albumentations_own(measured, export):
    """The snippet's transform has the same."""
    import albumentations

    result = measured()
    written = json.loads(export(result, "albumentations", "--serialized").read_text())
    snippet = runpy.run_path(str(export(result, "albumentations")))["normalize"]

    own = json.loads(json.dumps(albumentations.to_dict(snippet)))
    assert written["transform"] == own["transform"]


def test_the_pipeline_is_in_both(measured, export):
    """As a comment, and under a name of its own."""
    result = measured("RGB", "Resize(256) | CenterCrop(224)")
    snippet = export(result, "albumentations").read_text()
    document = json.loads(export(result, "albumentations", "--serialized").read_text())

    assert " through Resize(256) | CenterCrop(224): 4 images" in snippet
    assert document["bnstat"]["pipeline"] == "Resize(256) | CenterCrop(224)"
