"""The nodes that normalize, put in front of a model's graph.

The graph's input keeps its name, and takes images as they are; what consumed it consumes the
normalized images. Constants are nodes, not initializers, which models of before 2018 (IR version 3)
list among their inputs; nothing else of the model changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from onnx import TensorProto, helper

from bnstat.errors import ExportError
from bnstat.targets.figures import IN_UNIT, Figures, check_unit

FLOAT = TensorProto.FLOAT
_FLOATS = (FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
# Names of all that is put into a graph begin with this; by it a baked model is known.
_MARK = "bnstat/"
_KEY = "bnstat.normalization"
_OLDEST_OPSET = 7  # the first whose Sub and Mul broadcast as numpy does


@dataclass(frozen=True)
class Placed:
    """Where a model takes images.

    name: of the input; images_axis, model_axis: of the channels, in images as they are given and as
    the model's own first layer gets them; uint8: whether images are in 0-255.
    """

    name: str
    images_axis: int
    model_axis: int
    uint8: bool


def bake(model: Any, figures: Figures, input: str, layout: str | None) -> Placed:
    """Put the normalization in front of a model, which is changed in place.

    Raises ExportError if it is baked already, or no input is known to take such images.
    """
    if input == "uint8":
        check_unit(figures.stats, IN_UNIT, "--input uint8")
    _check_opset(model)
    _check_new(model)
    info, model_axis = _find_images(model.graph, len(figures.channels))
    tensor = info.type.tensor_type
    axis = {"nchw": 1, "nhwc": 3, None: model_axis}[layout]
    placed = Placed(info.name, axis, model_axis, input == "uint8")
    nodes = list(_nodes(placed, tensor.elem_type, figures))
    _rename(model.graph, info.name, nodes[-1].output[0])
    for node in reversed(nodes):
        model.graph.node.insert(0, node)
    if placed.uint8:
        tensor.elem_type = TensorProto.UINT8
    _move_channels(tensor.shape.dim, model_axis, axis)
    model.metadata_props.add(key=_KEY, value=figures.origin)
    return placed


def _nodes(placed: Placed, model_type: int, figures: Figures) -> Iterator[Any]:
    """Yield nodes that make the model's input, of a type, of images as they are placed."""
    name, axis = placed.name, placed.model_axis
    type_, white = (TensorProto.UINT8, 255) if placed.uint8 else (model_type, 1)
    exact = TensorProto.DOUBLE if model_type == TensorProto.DOUBLE else FLOAT

    def node(kind: str, *others: str, **attributes: Any) -> Any:
        nonlocal name
        before, name = name, f"{_MARK}{kind.lower()}{type_}"
        return helper.make_node(kind, [before, *others], [name], name, **attributes)

    if placed.images_axis != axis:
        yield node("Transpose", perm=(0, 3, 1, 2) if axis == 1 else (0, 2, 3, 1))
    if type_ != exact:
        type_ = exact
        yield node("Cast", to=exact)
    shape = [1 if i != axis else -1 for i in range(4)]
    yield _constant("mean", [m * white for m in figures.mean], exact, shape)
    yield node("Sub", _MARK + "mean")
    yield _constant("scale", [1 / (s * white) for s in figures.nonzero_std], exact, shape)
    yield node("Mul", _MARK + "scale")
    if type_ != model_type:
        type_ = model_type
        yield node("Cast", to=type_)


def _constant(name: str, values: list[float], type_: int, shape: list[int]) -> Any:
    dims = [len(values) if side < 0 else side for side in shape]
    tensor = helper.make_tensor(_MARK + name, type_, dims, values)
    return helper.make_node("Constant", [], [_MARK + name], _MARK + name, value=tensor)


def _check_opset(model: Any) -> None:
    opset = max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)
    if opset < _OLDEST_OPSET:
        raise ExportError(f"its opset is {opset}, older than {_OLDEST_OPSET}; convert it first")


def _check_new(model: Any) -> None:
    for entry in model.metadata_props:
        if entry.key == _KEY:
            raise ExportError(f"it is normalized already, with those of {entry.value}")
    if any(name.startswith(_MARK) for node in model.graph.node for name in node.output):
        raise ExportError("it is normalized already by bnstat")


def _find_images(graph: Any, channels: int) -> tuple[Any, int]:
    """Return the one input with four axes, and that of its channels; raise ExportError if unfit."""
    initializers = {info.name for info in graph.initializer}
    inputs = [info for info in graph.input if info.name not in initializers]
    candidates = [info for info in inputs if len(info.type.tensor_type.shape.dim) == 4]
    if len(candidates) != 1:
        names = ", ".join(info.name for info in inputs) or "none"
        raise ExportError(f"one input must have four axes, as images do; its inputs are {names}")
    [info] = candidates
    type_ = info.type.tensor_type.elem_type
    if type_ not in _FLOATS:
        kind = TensorProto.DataType.Name(type_)
        raise ExportError(f"its input {info.name} is {kind}, not float, and may be normalized")
    if info.name in {output.name for output in graph.output}:
        raise ExportError(f"its input {info.name} is an output too")
    return info, _channel_axis(info, channels)


def _channel_axis(info: Any, channels: int) -> int:
    sides = [dim.dim_value for dim in info.type.tensor_type.shape.dim]
    for axis in (1, 3):
        if sides[axis] == channels:
            return axis
    if not sides[1]:  # of any length
        return 1
    raise ExportError(
        f"its input {info.name} has {sides[1]} channels, and the result has {channels}"
    )


def _move_channels(dims: Any, old: int, new: int) -> None:
    """Put the axis of channels elsewhere in an input's shape."""
    shape = [deepcopy(dim) for dim in dims]
    shape.insert(new, shape.pop(old))
    for dim, copy in zip(dims, shape, strict=True):
        dim.CopyFrom(copy)


def _rename(graph: Any, old: str, new: str) -> None:
    """Let all nodes consume `new` for `old`, also those of the bodies of If, Loop and Scan."""
    for node in graph.node:
        for i, name in enumerate(node.input):
            if name == old:
                node.input[i] = new
        for attribute in node.attribute:
            for body in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                _rename(body, old, new)
