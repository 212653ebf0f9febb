"""The normalization of a model's input, built into its graph.

(image − mean) / std in front of a convolution is the convolution with weights / std and another
bias, but for its border: zero padding comes after the normalization, so that zeros stand for the
mean there. A shift in the bias would add weight · mean / std for each tap outside the image. So:

- no padding, or padding that copies pixels (reflect, replicate, circular): all goes into weights
  and bias;
- zero padding: 1 / std goes into the weights, and the mean is subtracted in front of the padding;
- anything else than convolutions: mean and std in front of the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bnstat.models import graphs
from bnstat.models.graphs import arguments, operation

if TYPE_CHECKING:
    from torch import Tensor
    from torch.fx import GraphModule

_COPYING = ("reflect", "replicate", "circular")
_SIZES = ("sym_size", "size")


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

    def tensors(self) -> tuple[Tensor, Tensor]:
        """Return mean and std in float64, in the units of the images."""
        import torch

        white = 255 if self.uint8 else 1
        mean, std = (torch.tensor(v, dtype=torch.float64) * white for v in (self.mean, self.std))
        return mean, std


@dataclass(frozen=True)
class First:
    """A convolution that takes images, and whether zeros are put around them before it."""

    node: Any
    zeros: bool


def build_in(module: GraphModule, form: InputFormat) -> str:
    """Let a graph take images as they are; it is changed in place. Say what was done."""
    images = images_of(module)
    firsts = first_convolutions(module)
    mean, std = form.tensors()
    zeros = any(first.zeros for first in firsts)
    for first in firsts:
        _scale(module, first, mean, std, shift=not zeros)
    whole = not firsts
    subtracted = mean if whole or zeros else None
    _convert(module, images, form, subtracted, std if whole else None)
    graphs.finish(module)
    return _sentence(firsts)


def images_of(module: GraphModule) -> Any:
    """Return the node of the images that go into a graph."""
    return next(node for node in module.graph.nodes if node.op == "placeholder")


def first_convolutions(module: GraphModule) -> list[First]:
    """Return the convolutions that take the images; none if anything else takes them too."""
    firsts = []
    for user in images_of(module).users:
        if operation(user) in _SIZES:
            continue
        taken = _behind_padding(user) if operation(user) == "pad" else _directly(user)
        if not taken or any(not _can_change(module, first.node) for first in taken):
            return []
        firsts += taken
    return firsts


def _directly(node: Any) -> list[First]:
    if operation(node) != "conv2d":
        return []
    padding = arguments(node)["padding"]
    zeros = padding == "same" if isinstance(padding, str) else any(padding)
    return [First(node, zeros)]


def _behind_padding(pad: Any) -> list[First]:
    """Return the convolutions that take padded images; none where what is padded is no pixel."""
    args = arguments(pad)
    zeros = args["mode"] == "constant" and not args["value"]
    if not zeros and args["mode"] not in _COPYING:
        return []
    if any(operation(user) != "conv2d" for user in pad.users):
        return []
    return [First(first.node, zeros or first.zeros) for u in pad.users for first in _directly(u)]


def _can_change(module: GraphModule, node: Any) -> bool:
    args = arguments(node)
    parameters = [node for node in (args["weight"], args["bias"]) if node is not None]
    return all(node.op == "get_attr" for node in parameters) and not graphs.is_shared(
        module, args["weight"]
    )


def _scale(module: GraphModule, first: First, mean: Tensor, std: Tensor, *, shift: bool) -> None:
    """Put 1 / std into a convolution's weights and, to `shift`, the mean into its bias."""
    args = arguments(first.node)
    weight, bias = (graphs.value_of(module, args[name]) for name in ("weight", "bias"))
    assert weight is not None
    weight = weight / _by_tap(std, weight, args["groups"])
    if bias is None:
        bias = weight.new_zeros(len(weight))
    if shift:
        bias = bias - (weight * _by_tap(mean, weight, args["groups"])).sum(dim=(1, 2, 3))
    graphs.set_weight_and_bias(module, first.node, weight, bias)


def _by_tap(values: Tensor, weight: Tensor, groups: int) -> Tensor:
    """Return a value a channel as (out, in / groups, 1, 1): that of the channel of each tap."""
    return values.view(groups, -1).repeat_interleave(len(weight) // groups, dim=0)[..., None, None]


def _convert(
    module: GraphModule, images: Any, form: InputFormat, mean: Tensor | None, std: Tensor | None
) -> None:
    """Put behind the images what makes the model's input of them."""
    import torch

    aten, graph = torch.ops.aten, module.graph
    dtype, takers, node = images.meta["val"].dtype, list(images.users), images
    steps: list[tuple[Any, tuple[Any, ...]]] = []
    if form.channels_last:
        steps.append((aten.permute.default, ([0, 3, 1, 2],)))
    if form.uint8:
        steps.append((aten.to.dtype, (dtype,)))
    for name, values, call in (("mean", mean, aten.sub.Tensor), ("std", std, aten.div.Tensor)):
        if values is not None:
            module.register_buffer(f"bnstat_{name}", values.to(dtype).view(1, -1, 1, 1))
            with graph.inserting_before(images):
                steps.append((call, (graph.get_attr(f"bnstat_{name}"),)))
    for call, others in steps:
        with graph.inserting_after(node):
            node = graph.call_function(call, (node, *others))
    for taker in takers:
        taker.replace_input_with(images, node)


def _sentence(firsts: Sequence[First]) -> str:
    names = ", ".join(graphs.layer_name(arguments(first.node)["weight"]) for first in firsts)
    if not firsts:
        return "normalization: in front of the model, as other than convolutions take the images"
    if any(first.zeros for first in firsts):
        return f"normalization: 1/std in {names}, the mean in front of its zero padding"
    return f"normalization: all of it in {names}, which pads with no zeros"
