"""BatchNorm layers in eval mode, folded into the convolution or linear layer in front of them.

By torch's own functions, in float64:
https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fusion.fuse_conv_bn_weights.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bnstat.models import graphs
from bnstat.models.graphs import arguments, operation

if TYPE_CHECKING:
    from torch import Tensor
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
    own = arguments(norm)
    if own["running_mean"] is None or own["training"]:
        return "it has no running statistics"
    layer = own["input"]
    if operation(layer) not in _AXES:
        return "no convolution or linear layer stands in front of it"
    if len(layer.users) > 1:
        return "what it normalizes is used elsewhere too"
    before = arguments(layer)
    tensors = [before["weight"], before["bias"], own["weight"], own["bias"]]
    if any(node is not None and node.op != "get_attr" for node in tensors):
        return "its weights, or those in front of it, are computed"
    if graphs.is_shared(module, before["weight"]):
        return "the layer in front of it is used more than once"
    if operation(layer).startswith("conv_transpose") and before["groups"] > 1:
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

    own, before = arguments(norm), arguments(layer)
    nodes = (before["weight"], before["bias"], own["running_mean"], own["running_var"])
    weight, bias, mean, var = (graphs.value_of(module, node) for node in nodes)
    assert weight is not None and mean is not None and var is not None
    scale, shift = (graphs.value_of(module, own[name]) for name in ("weight", "bias"))
    scale = torch.ones_like(mean) if scale is None else scale
    shift = torch.zeros_like(mean) if shift is None else shift
    statistics = (mean, var, own["eps"], scale, shift)
    if operation(layer) == "linear":
        return fusion.fuse_linear_bn_weights(weight, bias, *statistics)
    transposed = operation(layer).startswith("conv_transpose")
    return fusion.fuse_conv_bn_weights(weight, bias, *statistics, transposed)
