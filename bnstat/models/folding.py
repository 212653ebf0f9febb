"""A model folded for deployment: its BatchNorm layers and the normalization of its input.

BatchNorm layers in eval mode go into the convolution or linear layer in front of them, by torch's
own functions, in float64:
https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fusion.fuse_conv_bn_weights.html

(image − mean) / std in front of a convolution is the convolution with weights / std and another
bias, but for its border: zero padding comes after the normalization, so that zeros stand for the
mean there. A shift in the bias would add weight · mean / std for each tap outside the image. So:

- no padding, or padding that copies pixels (reflect, replicate, circular): all goes into weights
  and bias;
- zero padding: 1 / std goes into the weights, and the mean is subtracted in front of the padding;
- anything else than convolutions: mean and std in front of the model.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError
from bnstat.models import graphs
from bnstat.models.graphs import arguments, operation, trace
from bnstat.models.layers import invalid_layers

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
_COPYING = ("reflect", "replicate", "circular")


@dataclass(frozen=True)
class InputFormat:
    """What a model's input shall be.

    mean, std: per channel, for images in [0, 1]; uint8: whether images are integers in 0-255;
    channels_last: whether they are (N, H, W, C).
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    uint8: bool = False
    channels_last: bool = False


@dataclass(frozen=True)
class FoldedModel:
    """A model folded.

    program: what takes images as they are; folded, kept: names of the BatchNorm layers that were
    folded, and of those that stay with the reason; normalization: where that of the input is, in a
    sentence; border: the first layer, of normalized images and of images as they are, whose borders
    must agree, or None where the model has no single one.
    """

    program: ExportedProgram
    folded: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    normalization: str
    border: tuple[GraphModule, GraphModule] | None


@dataclass(frozen=True)
class _First:
    """A convolution that takes images, and whether zeros are put around them before it."""

    node: Any
    zeros: bool


def fold(model: nn.Module, form: InputFormat, size: tuple[int, int] | None = None) -> FoldedModel:
    """Return a model in eval mode that takes images as they are, and has fewer BatchNorm layers.

    model: of images (N, C, H, W), normalized; it stays as it is. size: (height, width) of all
    images; None for any. Raises ModelError if it cannot be traced, or has running statistics that
    no images can give.
    """
    import torch

    invalid = invalid_layers(model)
    if invalid:
        raise ModelError(
            f"the running statistics of {', '.join(invalid[:3])} are negative or not finite; "
            "measure them again: bnstat recalibrate"
        )
    channels = len(form.mean)
    whole = trace(copy.deepcopy(model).eval(), channels, size, torch.float32)
    module = graphs.graph_of(whole)
    firsts = _first_convolutions(module)
    before = _first_layer(module, firsts, with_norm=True)
    folded, kept = _fold_layers(module)
    normalization = _build_in(module, form)
    after = _first_layer(module, firsts, with_norm=False)
    dtype = torch.uint8 if form.uint8 else torch.float32
    program = trace(module, channels, size, dtype, axis=3 if form.channels_last else 1)
    border = None if before is None or after is None else (before, after)
    return FoldedModel(program, tuple(folded), tuple(kept), normalization, border)


def _first_layer(
    module: GraphModule, firsts: list[_First], *, with_norm: bool
) -> GraphModule | None:
    """Return the part of a graph up to its one first convolution, or the BatchNorm behind it."""
    from torch.fx import Graph, GraphModule

    if len(firsts) != 1:
        return None
    last = firsts[0].node
    [*users] = last.users
    if with_norm and [operation(user) for user in users] == ["batch_norm"]:
        last = users[0] if _obstacle(module, users[0]) is None else last
    graph = Graph()
    copied: dict[Any, Any] = {}
    graph.graph_copy(module.graph, copied)
    graph.output(copied[last])
    graph.eliminate_dead_code()
    return GraphModule(module, graph)


def _fold_layers(module: GraphModule) -> tuple[list[str], list[tuple[str, str]]]:
    """Fold what can be folded in a graph, which is changed in place; return what was, and was not.

    What was not folded has a reason beside.
    """
    folded, kept = [], []
    for node in list(module.graph.nodes):
        if operation(node) != "batch_norm":
            continue
        mean = arguments(node)["running_mean"]
        name = node.name if mean is None else graphs.layer_name(mean)
        reason = _obstacle(module, node)
        if reason is None:
            _fold(module, node)
            folded.append(name)
        else:
            kept.append((name, reason))
    graphs.finish(module)
    return folded, kept


def _obstacle(module: GraphModule, norm: Any) -> str | None:
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
    """Give the layer in front of a BatchNorm the weight and bias that do what both do.

    A linear layer is a convolution without axes.
    """
    from torch.nn.utils import fusion

    norm_args = arguments(norm)
    layer = norm_args["input"]
    weight, bias = (graphs.value_of(module, arguments(layer)[n]) for n in ("weight", "bias"))
    mean, var, scale, shift = (
        graphs.value_of(module, norm_args[name])
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    transposed = operation(layer).startswith("conv_transpose")
    fused = fusion.fuse_conv_bn_weights(
        weight, bias, mean, var, norm_args["eps"], scale, shift, transposed
    )
    graphs.set_weight_and_bias(module, layer, *fused)
    norm.replace_all_uses_with(layer)
    module.graph.erase_node(norm)


def _build_in(module: GraphModule, form: InputFormat) -> str:
    """Let a graph take images as they are; it is changed in place. Say what was done."""
    import torch

    white = 255 if form.uint8 else 1
    mean, std = (torch.tensor(v, dtype=torch.float64) * white for v in (form.mean, form.std))
    firsts = _first_convolutions(module)
    zeros = any(first.zeros for first in firsts)
    for first in firsts:
        _scale(module, first.node, mean, std, shift=not zeros)
    subtracted = mean if zeros or not firsts else None
    _convert(module, form, subtracted, None if firsts else std)
    graphs.finish(module)
    return _sentence(firsts)


def _images_of(module: GraphModule) -> Any:
    """Return the node of the images that go into a graph."""
    return next(node for node in module.graph.nodes if node.op == "placeholder")


def _first_convolutions(module: GraphModule) -> list[_First]:
    """Return the convolutions that take the images; none if anything else takes them too."""
    firsts = []
    for user in _images_of(module).users:
        if operation(user) in ("sym_size", "size"):
            continue
        taken = _behind_padding(user) if operation(user) == "pad" else _directly(user)
        if not taken or any(not _can_change(module, first.node) for first in taken):
            return []
        firsts += taken
    return firsts


def _directly(node: Any) -> list[_First]:
    if operation(node) != "conv2d":
        return []
    padding = arguments(node)["padding"]
    zeros = padding == "same" if isinstance(padding, str) else any(padding)
    return [_First(node, zeros)]


def _behind_padding(pad: Any) -> list[_First]:
    """Return the convolutions that take padded images; none where what is padded is no pixel."""
    args = arguments(pad)
    zeros = args["mode"] == "constant" and not args["value"]
    if not zeros and args["mode"] not in _COPYING:
        return []
    if any(operation(user) != "conv2d" for user in pad.users):
        return []
    return [_First(first.node, zeros or first.zeros) for u in pad.users for first in _directly(u)]


def _can_change(module: GraphModule, node: Any) -> bool:
    weight, bias = arguments(node)["weight"], arguments(node)["bias"]
    stored = weight.op == "get_attr" and (bias is None or bias.op == "get_attr")
    return stored and not graphs.is_shared(module, weight)


def _scale(module: GraphModule, node: Any, mean: Tensor, std: Tensor, *, shift: bool) -> None:
    """Put 1 / std into a convolution's weights and, to `shift`, the mean into its bias."""
    args = arguments(node)
    weight, bias = (graphs.value_of(module, args[name]) for name in ("weight", "bias"))
    weight = weight / _by_tap(std, weight, args["groups"])
    if bias is None:
        bias = weight.new_zeros(len(weight))
    if shift:
        bias = bias - (weight * _by_tap(mean, weight, args["groups"])).sum(dim=(1, 2, 3))
    graphs.set_weight_and_bias(module, node, weight, bias)


def _by_tap(values: Tensor, weight: Tensor, groups: int) -> Tensor:
    """Return a value a channel as (out, in / groups, 1, 1): that of the channel of each tap."""
    return values.view(groups, -1).repeat_interleave(len(weight) // groups, dim=0)[..., None, None]


def _convert(
    module: GraphModule, form: InputFormat, mean: Tensor | None, std: Tensor | None
) -> None:
    """Put behind the images what makes the model's input of them."""
    import torch

    aten, graph, images = torch.ops.aten, module.graph, _images_of(module)
    dtype, takers, node = images.meta["val"].dtype, list(images.users), images
    steps: list[tuple[Any, Any]] = []
    if form.channels_last:
        steps.append((aten.permute.default, [0, 3, 1, 2]))
    if form.uint8:
        steps.append((aten.to.dtype, dtype))
    for name, values, call in (("mean", mean, aten.sub.Tensor), ("std", std, aten.div.Tensor)):
        if values is not None:
            module.register_buffer(f"bnstat_{name}", values.to(dtype).view(1, -1, 1, 1))
            with graph.inserting_before(images):
                steps.append((call, graph.get_attr(f"bnstat_{name}")))
    for call, operand in steps:
        with graph.inserting_after(node):
            node = graph.call_function(call, (node, operand))
    for taker in takers:
        taker.replace_input_with(images, node)


def _sentence(firsts: Sequence[_First]) -> str:
    names = ", ".join(graphs.layer_name(arguments(first.node)["weight"]) for first in firsts)
    if not firsts:
        return "normalization: in front of the model, as other than convolutions take the images"
    if any(first.zeros for first in firsts):
        return f"normalization: 1/std in {names}, the mean in front of its zero padding"
    return f"normalization: all of it in {names}, which pads with no zeros"
