"""A model folded for deployment: its BatchNorm layers and the normalization of its input.

BatchNorm layers in eval mode go into the convolution or linear layer in front of them, by torch's
own functions, in float64:
https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fusion.fuse_conv_bn_weights.html
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError
from bnstat.models import graphs
from bnstat.models.graphs import Shape, arguments, graph_of, operation, trace
from bnstat.models.layers import invalid_layers
from bnstat.models.normalization import First, InputFormat, build_in, first_convolutions

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram
    from torch.fx import GraphModule

# The axes of what each layer puts out, batch and channels among them.
_AXES = {
    "linear": 2,
    "conv1d": 3,
    "conv2d": 4,
    "conv3d": 5,
    "conv_transpose1d": 3,
    "conv_transpose2d": 4,
    "conv_transpose3d": 5,
}


@dataclass(frozen=True)
class FoldedLayers:
    """Names of the BatchNorm layers that were folded, and of those that stay with the reason."""

    folded: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FoldedModel:
    """A model folded.

    Attributes
    ----------
    program
        What takes images as they are.
    layers
        Which BatchNorm layers were folded, and which stay.
    normalization
        Where the normalization of the input is, in a sentence.
    border
        The first layer, of normalized images and of images as they are, whose borders must agree;
        None where the model has no single one.
    """

    program: ExportedProgram
    layers: FoldedLayers
    normalization: str
    border: tuple[GraphModule, GraphModule] | None


def fold(model: nn.Module, form: InputFormat, size: tuple[int, int] | None = None) -> FoldedModel:
    """Return a model in eval mode that takes images as they are, and has fewer BatchNorm layers.

    Parameters
    ----------
    model
        Of images (N, C, H, W), normalized; it stays as it is.
    size
        (height, width) of all images; None for any.

    Raises
    ------
    ModelError
        If it cannot be traced, or has running statistics that no images can give.
    """
    import torch

    invalid = invalid_layers(model)
    if invalid:
        raise ModelError(
            f"the running statistics of {', '.join(invalid[:3])} are negative or not finite; "
            "measure them again: bnstat recalibrate"
        )
    channels = len(form.mean)
    module = graph_of(trace(copy.deepcopy(model).eval(), Shape(channels, size), torch.float32))
    firsts = first_convolutions(module)
    before = _first_layer(module, firsts, with_norm=True)
    layers = fold_layers(module)
    normalization = build_in(module, form)
    after = _first_layer(module, firsts, with_norm=False)
    shape = Shape(channels, size, axis=3 if form.channels_last else 1)
    program = trace(module, shape, torch.uint8 if form.uint8 else torch.float32)
    border = None if before is None or after is None else (before, after)
    return FoldedModel(program, layers, normalization, border)


def _first_layer(
    module: GraphModule, firsts: list[First], *, with_norm: bool
) -> GraphModule | None:
    """Return the part of a graph up to its one first convolution, or the BatchNorm behind it."""
    from torch.fx import Graph, GraphModule

    if len(firsts) != 1:
        return None
    last: Any = firsts[0].node
    [*users] = last.users
    if with_norm and [operation(user) for user in users] == ["batch_norm"]:
        last = users[0] if obstacle(module, users[0]) is None else last
    graph = Graph()
    copied: dict[Any, Any] = {}
    graph.graph_copy(module.graph, copied)
    graph.output(copied[last])
    graph.eliminate_dead_code()
    return GraphModule(module, graph)


def fold_layers(module: GraphModule) -> FoldedLayers:
    """Fold what can be folded in a graph, which is changed in place."""
    folded, kept = [], []
    for node in list(module.graph.nodes):
        if operation(node) != "batch_norm":
            continue
        mean = arguments(node)["running_mean"]
        name = node.name if mean is None else graphs.layer_name(mean)
        reason = obstacle(module, node)
        if reason is None:
            _fold(module, node)
            folded.append(name)
        else:
            kept.append((name, reason))
    graphs.finish(module)
    return FoldedLayers(tuple(folded), tuple(kept))


def obstacle(module: GraphModule, norm: Any) -> str | None:
    """Say why a BatchNorm cannot be folded; None if it can."""
    norm_args = arguments(norm)
    if norm_args["running_mean"] is None or norm_args["training"]:
        return "it has no running statistics"
    layer = norm_args["input"]
    if operation(layer) not in _AXES:
        return "no convolution or linear layer stands in front of it"
    if len(layer.users) > 1:
        return "what it normalizes is used elsewhere too"
    layer_args = arguments(layer)
    tensors = [layer_args["weight"], layer_args["bias"], norm_args["weight"], norm_args["bias"]]
    if any(node is not None and node.op != "get_attr" for node in tensors):
        return "its weights, or those in front of it, are computed"
    if graphs.is_shared(module, layer_args["weight"]):
        return "the layer in front of it is used more than once"
    if operation(layer).startswith("conv_transpose") and layer_args["groups"] > 1:
        return "the transposed convolution in front of it has groups"
    if layer.meta["val"].dim() != _AXES[operation(layer)]:
        return "it normalizes along another axis"
    return None


def _fold(module: GraphModule, norm: Any) -> None:
    layer = arguments(norm)["input"]
    graphs.set_weight_and_bias(module, layer, *_fused(module, layer, norm))
    norm.replace_all_uses_with(layer)
    module.graph.erase_node(norm)


def _fused(module: GraphModule, layer: Any, norm: Any) -> tuple[Tensor, Tensor]:
    """Return the weight and bias that do what layer and BatchNorm do, in float64."""
    import torch
    from torch.nn.utils import fusion

    norm_args, layer_args = arguments(norm), arguments(layer)
    nodes = (
        layer_args["weight"],
        layer_args["bias"],
        norm_args["running_mean"],
        norm_args["running_var"],
    )
    weight, bias, mean, var = (graphs.value_of(module, node) for node in nodes)
    assert weight is not None and mean is not None and var is not None
    scale, shift = (graphs.value_of(module, norm_args[name]) for name in ("weight", "bias"))
    scale = torch.ones_like(mean) if scale is None else scale
    shift = torch.zeros_like(mean) if shift is None else shift
    statistics = (mean, var, norm_args["eps"], scale, shift)
    if operation(layer) == "linear":
        return fusion.fuse_linear_bn_weights(weight, bias, *statistics)
    transposed = operation(layer).startswith("conv_transpose")
    return fusion.fuse_conv_bn_weights(weight, bias, *statistics, transposed)
