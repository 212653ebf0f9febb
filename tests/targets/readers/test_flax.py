"""Flax runs what `flax` writes."""

import runpy
from importlib.util import find_spec

import numpy as np
import pytest

pytestmark = [
    pytest.mark.skipif(not find_spec("flax"), reason="flax is missing: pip install flax"),
    pytest.mark.filterwarnings("ignore"),
]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("scale", [1, 255])
def test_it_normalizes(measured, export, mode, scale):
    """With its epsilon taken off the variance, as exactly as Normalize."""
    result = measured(mode)
    file = export(result, "flax", "--scale", str(scale), "--absorb-eps", "1e-5")
    from flax import linen

    layer = linen.BatchNorm(use_running_average=True, use_bias=False, use_scale=False, epsilon=1e-5)
    pixels = result.pixels.reshape(1, *result.pixels.shape[:2], -1)
    images = (pixels / 255 * scale).astype(np.float32)
    found = layer.apply({"batch_stats": runpy.run_path(str(file))["batch_stats"]}, images)

    assert result.agrees(np.asarray(found)[0].transpose(2, 0, 1))


def test_the_names_are_those_of_the_layer(measured, export):
    """As it makes them itself."""
    import jax
    from flax import linen

    layer = linen.BatchNorm(use_running_average=False)
    own = layer.init(jax.random.key(0), np.zeros((1, 2, 2, 3), np.float32))["batch_stats"]
    found = runpy.run_path(str(export(measured(), "flax")))["batch_stats"]

    assert {name: (v.shape, v.dtype) for name, v in found.items()} == {
        name: (v.shape, v.dtype) for name, v in own.items()
    }
