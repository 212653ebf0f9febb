"""A graph of ATen operations whose parameters are get_attr nodes: reading and changing it.

torch types a node's arguments as whatever a graph may hold; here they are Any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from torch.fx import GraphModule


def operation(node: Any) -> str:
    """Return the name of a node's ATen operation, as "conv2d"; "" for nodes of other kinds."""
    packet = getattr(getattr(node, "target", None), "overloadpacket", None)
    return packet.__name__ if packet is not None else ""


def arguments(node: Any) -> dict[str, Any]:
    """Return the arguments of a node's operation by name, defaults among them."""
    schema = node.target._schema.arguments
    given = dict(zip((each.name for each in schema), node.args, strict=False)) | node.kwargs
    return {each.name: given.get(each.name, each.default_value) for each in schema}


def set_argument(node: Any, name: str, value: Any) -> None:
    """Give a node's operation another argument."""
    node.kwargs = arguments(node) | {name: value}
    node.args = ()


def value_of(module: GraphModule, node: Any) -> Tensor | None:
    """Return the tensor of a get_attr node in float64; None for None."""
    if node is None:
        return None
    value: Any = module
    for name in node.target.split("."):
        value = getattr(value, name)
    tensor: Tensor = value.detach().double()
    return tensor


def set_value(module: GraphModule, target: str, value: Tensor, dtype: Any) -> None:
    """Put a parameter into a module under a name, nested ones joined by dots."""
    from torch import nn

    *path, name = target.split(".")
    owner: Any = module
    for each in path:
        owner = getattr(owner, each)
    setattr(owner, name, nn.Parameter(value.to(dtype), requires_grad=False))


def is_shared(module: GraphModule, node: Any) -> bool:
    """Whether more than one node takes the parameter of a get_attr node."""
    same = [each for each in module.graph.nodes if each.op == "get_attr"]
    return sum(len(each.users) for each in same if each.target == node.target) > 1


def set_weight_and_bias(module: GraphModule, layer: Any, weight: Tensor, bias: Tensor) -> None:
    """Give a convolution or linear layer another weight and bias, in the dtype of its weight."""
    own = arguments(layer)
    dtype = layer.meta["val"].dtype
    set_value(module, own["weight"].target, weight, dtype)
    if own["bias"] is not None and not is_shared(module, own["bias"]):
        set_value(module, own["bias"].target, bias, dtype)
        return
    name = own["weight"].target + "_bias"
    set_value(module, name, bias, dtype)
    with module.graph.inserting_before(layer):
        set_argument(layer, "bias", module.graph.get_attr(name))


def layer_name(parameter: Any) -> str:
    """Return the name of the layer whose parameter a get_attr node is."""
    name: str = parameter.target.rpartition(".")[0] or parameter.target
    return name


def finish(module: GraphModule) -> None:
    """Drop what nothing takes any more, and make the changed graph the module's code."""
    module.graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.graph.lint()
    module.recompile()
