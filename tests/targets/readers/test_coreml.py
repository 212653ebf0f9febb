"""coremltools converts what `coreml` writes; on Linux it cannot predict, and its spec is read."""

import runpy
from importlib.util import find_spec

import numpy as np
import pytest
import torch

pytestmark = [
    pytest.mark.skipif(
        not find_spec("coremltools"), reason="coremltools is missing: pip install coremltools"
    ),
    pytest.mark.filterwarnings("ignore"),
]


def converted(file, channels):
    """Return the spec of a convolution with the normalization of a file."""
    import coremltools as ct

    convert = runpy.run_path(str(file))["convert"]
    model = torch.nn.Conv2d(channels, 4, 3)
    return convert(model, 24, 32, compute_precision=ct.precision.FLOAT32).get_spec()


def constants(spec):
    """Yield each operation of the program, with its constant arguments."""
    [function] = spec.mlProgram.functions.values()
    [block] = function.block_specializations.values()
    values = {}
    for operation in block.operations:
        if operation.type == "const":
            tensor = operation.attributes["val"].immediateValue.tensor
            values[operation.outputs[0].name] = np.array(tensor.floats.values)
        else:
            names = [argument.arguments[0].name for argument in operation.inputs.values()]
            yield operation.type, [values[name] for name in names if name in values]


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_program_normalizes(measured, export, mode):
    """It adds the bias to 8-bit images, and multiplies each channel by its own 1 / std."""
    result = measured(mode)
    spec = converted(export(result, "coreml"), len(mode))
    steps = [step for step in constants(spec) if step[0] in ("add", "sub", "mul", "real_div")]
    pixels = result.pixels.astype(np.float64).reshape(*result.pixels.shape[:2], -1)
    shape = (1, 1, -1)
    for kind, arguments in steps:
        [value] = arguments
        pixels = pixels + value.reshape(shape) if kind == "add" else pixels * value.reshape(shape)

    assert [kind for kind, _ in steps] == ["add", "mul"]
    assert result.agrees(pixels.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("mode", "options", "space"),
    [("RGB", (), "RGB"), ("RGB", ("--channel-order", "bgr"), "BGR"), ("L", (), "GRAYSCALE")],
)
def test_images_are_of_the_order_that_was_asked_for(measured, export, mode, options, space):
    """Core ML brings them to it."""
    spec = converted(export(measured(mode), "coreml", *options), len(mode))
    image = spec.description.input[0].type.imageType

    assert image.ColorSpace.Name(image.colorSpace) == space
    assert (image.height, image.width) == (24, 32)
