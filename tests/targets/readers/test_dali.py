"""DALI reads what `dali` writes; where it is not installed, its text is read."""

import ast
import runpy

import numpy as np
import pytest


def arguments(file):
    """Return the literal arguments of the call that a snippet holds."""
    [call] = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]
    assert ast.unparse(call.func) == "fn.crop_mirror_normalize"
    return {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg != "dtype"}


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
@pytest.mark.parametrize("scale", [1, 255])
def test_its_arguments_normalize(measured, export, mode, scale):
    """`(image - mean) / std`, as its documentation has it."""
    result = measured(mode)
    given = arguments(export(result, "dali", "--scale", str(scale)))
    found = (result.pixels * (scale / 255) - given["mean"]) / given["std"]

    assert given["output_layout"] == "CHW"
    assert result.agrees(found.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("mode", "form", "options"),
    [("RGB", "RGB", ()), ("RGB", "BGR", ("--channel-order", "bgr")), ("L", "GRAY", ())],
)
def test_it_normalizes(measured, export, mode, form, options):
    """In a pipeline that decodes the image; on a CPU."""
    dali = pytest.importorskip(
        "nvidia.dali", reason="nvidia-dali-cuda120 is missing: pip install nvidia-dali-cuda120"
    )
    result = measured(mode)
    normalize = runpy.run_path(str(export(result, "dali", *options)))["normalize"]

    @dali.pipeline_def(batch_size=1, num_threads=1, device_id=None)
    def pipeline():
        file, _ = dali.fn.readers.file(files=[str(result.image)])
        return normalize(dali.fn.decoders.image(file, output_type=getattr(dali.types, form)))

    running = pipeline()
    running.build()
    [batch] = running.run()
    found = np.array(batch.at(0))

    assert result.agrees(found[::-1] if form == "BGR" else found)


def test_the_pipeline_is_in_the_comment(measured, export):
    """So that nobody loses how the numbers were made."""
    text = export(measured("RGB", "Resize(256) | CenterCrop(224)"), "dali").read_text()

    assert " through Resize(256) | CenterCrop(224): 4 images" in text
