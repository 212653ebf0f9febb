"""OpenVINO reads what `openvino` writes."""

import ast
import re
import runpy

import numpy as np
import pytest

openvino = pytest.importorskip("openvino", reason="openvino is missing: pip install openvino")


def identity(shape):
    """Return a model that returns its float input, and does not say what its dimensions are."""
    image = openvino.opset13.parameter(shape, openvino.Type.f32, name="image")
    return openvino.Model([openvino.opset13.result(image)], [image])


def normalized(file, pixels, *layout):
    """Return what a model makes of a batch, once the file's function has changed it."""
    model = runpy.run_path(str(file))["normalize"](identity(pixels.shape), *layout)
    return openvino.compile_model(model, "CPU")(pixels)[0]


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_it_normalizes_8_bit_images(measured, export, mode):
    """As they are loaded, of shape (N, C, H, W)."""
    result = measured(mode)
    batch = result.pixels.transpose(2, 0, 1)[None].copy()

    assert result.agrees(normalized(export(result, "openvino"), batch)[0])


def test_it_normalizes_float_images(measured, export):
    """In [0, 1]."""
    result = measured()
    batch = (result.pixels.transpose(2, 0, 1)[None] / 255).astype(np.float32)

    assert result.agrees(normalized(export(result, "openvino", "--scale", "1"), batch)[0])


def test_models_with_the_channels_last(measured, export):
    """As TensorFlow has them."""
    result = measured()
    [found] = normalized(export(result, "openvino"), result.pixels[None], "NHWC")

    assert result.agrees(found.transpose(2, 0, 1))


def test_bgr(measured, export):
    """For a model whose images are in that order."""
    result = measured()
    file = export(result, "openvino", "--channel-order", "bgr")
    batch = result.pixels[..., ::-1].transpose(2, 0, 1)[None].copy()

    assert result.agrees(normalized(file, batch)[0][::-1])


def test_the_flags_say_the_same(measured, export):
    """Read as the model optimizer did, for which an exponent is no number."""
    text = export(measured(), "openvino").read_text()
    flags = re.findall(r'--(?:mean|scale)_values "[(\[]([0-9., -]+)[)\]]"', text)
    steps = re.findall(r"steps\.mean\((.*?)\)\.scale\((.*?)\)", text)

    assert [list(map(float, flag.split(","))) for flag in flags] == [
        ast.literal_eval(numbers) for numbers in steps[0]
    ]


def test_the_pipeline_is_in_the_comment(measured, export):
    """So that nobody loses how the numbers were made."""
    text = export(measured("RGB", "Resize(256) | CenterCrop(224)"), "openvino").read_text()

    assert " through Resize(256) | CenterCrop(224): 4 images" in text
