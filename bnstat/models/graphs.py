"""A model's graph of ATen operations, made by torch.export, read and changed.

https://docs.pytorch.org/docs/stable/export.html. Unlike torch.fx's symbolic tracing it follows any
Python code of the model's, and what it makes can be saved as it is. Parameters are get_attr nodes;
torch types a node's arguments as whatever a graph may hold, and here they are Any.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.export import ExportedProgram
    from torch.fx import GraphModule

# Of examples where any size will do; unequal, so that none is taken to be the other.
_HEIGHT, _WIDTH = 224, 256


def trace(
    model: nn.Module, channels: int, size: tuple[int, int] | None, dtype: Any, axis: int = 1
) -> ExportedProgram:
    """Return a model's program for any number of images of a `size`, or if that is None of any.

    size: (height, width); axis: of the channels, 1 or 3. Raises ModelError if the model cannot be
    traced, or takes images of one size alone where any were asked for.
    """
    import torch

    sides = [2, *(size or (_HEIGHT, _WIDTH))]
    sides.insert(axis, channels)
    free = [0, *(other for other in (1, 2, 3) if other != axis and size is None)]
    dynamic = dict.fromkeys(free, torch.export.Dim.AUTO)
    try:
        with torch.no_grad():
            program = torch.export.export(
                model, (torch.zeros(sides, dtype=dtype),), dynamic_shapes=(dynamic,), strict=False
            )
    except Exception as error:
        lines = [*filter(None, map(str.strip, str(error).splitlines())), type(error).__name__]
        way = "; if it takes images of one size alone, give --input-size" * (size is None)
        raise ModelError(f"torch.export cannot trace the model: {lines[0][:200]}{way}") from error
    [name] = program.graph_signature.user_inputs
    [node] = [n for n in program.graph.find_nodes(op="placeholder") if n.name == name]
    fixed = [other for other in free if isinstance(node.meta["val"].shape[other], int)]
    if 0 in fixed:
        raise ModelError("the model takes batches of one size alone, and cannot be deployed so")
    if fixed:
        raise ModelError("the model takes images of one size alone; give it with --input-size")
    return program


def graph_of(program: ExportedProgram) -> GraphModule:
    """Return a program as a module whose graph can be changed; parameters are get_attr nodes."""
    from torch.fx import GraphModule

    try:
        module: Any = program.module(check_guards=False)
    except TypeError:  # torch before 2.9
        module = program.module()
    return GraphModule(module, module.graph)  # without the hook that checks the shape of the input


def operation(node: Any) -> str:
    """Return the name of a node's ATen operation, as "conv2d"; "" for nodes of other kinds."""
    packet = getattr(getattr(node, "target", None), "overloadpacket", None)
    return packet.__name__ if packet is not None else ""


def arguments(node: Any) -> dict[str, Any]:
    """Return the arguments of a node's operation by name, defaults among them."""
    schema = node.target._schema.arguments
    given = dict(zip((each.name for each in schema), node.args, strict=False)) | node.kwargs
    return {each.name: given.get(each.name, each.default_value) for each in schema}


def value_of(module: GraphModule, node: Any) -> Any:
    """Return the tensor of a get_attr node in float64; None for None."""
    return None if node is None else attrgetter(node.target)(module).detach().double()


def is_shared(module: GraphModule, node: Any) -> bool:
    """Whether more than one node takes the parameter of a get_attr node."""
    same = module.graph.find_nodes(op="get_attr", target=node.target)
    return sum(len(each.users) for each in same) > 1


def set_weight_and_bias(module: GraphModule, layer: Any, weight: Tensor, bias: Tensor) -> None:
    """Give a convolution or linear layer another weight and bias, in the dtype of its output."""
    args, dtype = arguments(layer), layer.meta["val"].dtype
    _set_value(module, args["weight"].target, weight, dtype)
    if args["bias"] is not None and not is_shared(module, args["bias"]):
        _set_value(module, args["bias"].target, bias, dtype)
        return
    name = args["weight"].target + "_bias"
    _set_value(module, name, bias, dtype)
    with module.graph.inserting_before(layer):
        layer.kwargs = args | {"bias": module.graph.get_attr(name)}
        layer.args = ()


def _set_value(module: GraphModule, target: str, value: Tensor, dtype: Any) -> None:
    from torch import nn

    path, _, name = target.rpartition(".")
    parameter = nn.Parameter(value.to(dtype), requires_grad=False)
    setattr(module.get_submodule(path), name, parameter)


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
