"""A baked model, read by onnx.checker and run by onnxruntime beside the model it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx

from bnstat.errors import ExportError
from bnstat.targets.figures import Figures
from bnstat.targets.onnx_graph import Placed

# Of the largest |output|: float32 through the sums of a deep model; float16 has 11 bits.
_TOLERANCES = {"tensor(float)": 1e-4, "tensor(double)": 1e-4, "tensor(float16)": 2e-2}
_DTYPES = {"tensor(float)": "f4", "tensor(double)": "f8", "tensor(float16)": "f2"}
# Of an image, where a model takes any; some take none as small as the first.
_SIDES = (64, 224)


def check(path: Path, baked: Path, figures: Figures, placed: Placed) -> str:
    """Say what held of a baked model; raise ExportError if it is not the same as the other.

    Both are run on images of noise, which the other gets normalized by numpy.
    """
    refused = _refusal(baked)
    if refused and not _refusal(path):
        raise ExportError(f"onnx.checker refuses what was made: {refused}")
    try:
        import onnxruntime
    except ImportError:
        return "onnx.checker; not run: pip install onnxruntime"
    try:
        model = _session(onnxruntime, path)
        info = next(each for each in model.get_inputs() if each.name == placed.name)
        images, expected = _run(model, info, figures, placed)
    except Exception as error:
        return f"onnx.checker; not run, as onnxruntime cannot run the model: {_line(error)}"
    actual = _session(onnxruntime, baked).run(None, {placed.name: images})
    largest = _difference(expected, actual)
    if not largest <= _TOLERANCES[info.type]:
        raise ExportError(f"onnxruntime finds the outputs off by {largest:.1e} of the largest")
    return f"onnx.checker; onnxruntime: outputs differ by {largest:.1e} of the largest"


def _refusal(path: Path) -> str:
    """Return what onnx.checker has against a model; "" if nothing."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
    except Exception as error:
        return _line(error)
    return ""


def _session(onnxruntime: Any, path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _run(model: Any, info: Any, figures: Figures, placed: Placed) -> tuple[Any, list[Any]]:
    """Return images as the baked model takes them, and what the model makes of them normalized."""
    error: Exception | None = None
    for side in _SIDES:
        pixels = _noise(info.shape, len(figures.channels), side, placed.model_axis)
        try:
            expected = model.run(None, {placed.name: _normalized(pixels, figures, placed, info)})
        except Exception as refused:
            error = refused
        else:
            images = np.moveaxis(pixels, placed.model_axis, placed.images_axis)
            return (images if placed.uint8 else (images / 255).astype(_DTYPES[info.type])), expected
    raise error or ValueError


def _noise(shape: list[Any], channels: int, side: int, axis: int) -> Any:
    sides = [length if isinstance(length, int) else side for length in shape]
    sides[0] = shape[0] if isinstance(shape[0], int) else 2
    sides[axis] = channels
    return np.random.default_rng(0).integers(0, 256, sides, dtype=np.uint8)


def _normalized(pixels: Any, figures: Figures, placed: Placed, info: Any) -> Any:
    shape = [-1 if i == placed.model_axis else 1 for i in range(4)]
    mean, std = (np.reshape(values, shape) for values in (figures.mean, figures.nonzero_std))
    return ((pixels / 255 - mean) / std).astype(_DTYPES[info.type])


def _difference(expected: list[Any], actual: list[Any]) -> float:
    """Return the largest |difference| of float outputs, in units of the largest |output|."""
    worst = 0.0
    for reference, output in zip(expected, actual, strict=True):
        if isinstance(reference, np.ndarray) and reference.dtype.kind == "f" and reference.size:
            off = np.nanmax(np.abs(reference.astype("f8") - output), initial=0.0)
            worst = max(worst, float(off / max(np.nanmax(np.abs(reference), initial=0.0), 1e-30)))
    return worst


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
