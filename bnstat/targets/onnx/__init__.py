"""ONNX: a model of the user's with the normalization in front of it, or one that only normalizes.

https://onnx.ai/onnx/repo-docs/IR.html

graph      the nodes, and where they go
data       tensors that lie in files of their own beside a model
checking   a written model, read by onnx.checker and run by onnxruntime
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.figures import Figures

# What every runtime of the last years reads.
_OPSET, _IR = 17, 8


def render(figures: Figures, *, input: str = "float", layout: str | None = None) -> bytes:
    """Return a model that does nothing but normalize; images come out as float32 (N, C, H, W)."""
    helper = _onnx().helper
    from bnstat.targets.onnx import graph

    channels = len(figures.channels)
    shapes = [["N", channels, "H", "W"]] * 2
    images, normalized = (
        helper.make_tensor_value_info(name, graph.FLOAT, shape)
        for name, shape in zip(("images", "normalized"), shapes, strict=True)
    )
    node = helper.make_node("Identity", ["images"], ["normalized"])
    model = helper.make_model(
        helper.make_graph([node], "normalization", [images], [normalized]),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="bnstat",
    )
    graph.bake(model, figures, input, layout)
    data: bytes = model.SerializeToString()
    return data


def bake(
    path: Path, output: Path, figures: Figures, *, input: str = "float", layout: str | None = None
) -> str:
    """Write a model again with the normalization in front of it; say what was checked.

    Parameters
    ----------
    path, output
        The model, and where the new one goes: another file. Tensors in files of their own are
        linked, or else copied, to lie beside it.
    input
        "float" for images in [0, 1] of the model's own type, "uint8" for 0-255.
    layout
        "nchw" or "nhwc" of the images; None is the model's own.

    Raises
    ------
    ExportError
        If the model cannot be read or baked, or what comes out is not the same.
    OutputError
        If it cannot be written; what is there stays as it was.
    """
    onnx = _onnx()
    from bnstat.targets.onnx import checking, data, graph

    if output.exists() and output.samefile(path):
        raise ExportError(f"{output} is the model itself; write to another file")
    model = data.load(onnx, path)
    try:
        placed = graph.bake(model, figures, input, layout)
        with data.beside(path, output, model) as draft:
            return checking.check(path, draft, figures, placed)
    except ExportError as error:
        raise ExportError(f"cannot bake {path}: {error}") from error


def _onnx() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise ExportError("to write ONNX, bnstat needs onnx: pip install 'bnstat[onnx]'") from error
    return onnx
