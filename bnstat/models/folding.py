"""A model folded for deployment: its BatchNorm layers and the normalization of its input."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bnstat.models import graphs
from bnstat.models.batchnorm import FoldedLayers, fold_layers, obstacle
from bnstat.models.normalization import First, Input, build_in, first_convolutions
from bnstat.models.tracing import Shape, graph_of, trace

if TYPE_CHECKING:
    from torch import nn
    from torch.export import ExportedProgram
    from torch.fx import GraphModule


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


def fold(model: nn.Module, wanted: Input, size: tuple[int, int] | None = None) -> FoldedModel:
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
        If it cannot be traced.
    """
    import torch

    channels = len(wanted.mean)
    module = graph_of(trace(copy.deepcopy(model).eval(), Shape(channels, size), torch.float32))
    found = first_convolutions(module)
    before = _first_layer(module, found, with_norm=True)
    layers = fold_layers(module)
    normalization = build_in(module, wanted)
    after = _first_layer(module, found, with_norm=False)
    shape = Shape(channels, size, axis=3 if wanted.channels_last else 1)
    program = trace(module, shape, torch.uint8 if wanted.uint8 else torch.float32)
    border = None if before is None or after is None else (before, after)
    return FoldedModel(program, layers, normalization, border)


def _first_layer(module: GraphModule, found: list[First], *, with_norm: bool) -> GraphModule | None:
    """Return the part of a graph up to its one first convolution, or the BatchNorm behind it."""
    from torch.fx import Graph, GraphModule

    if len(found) != 1:
        return None
    last: Any = found[0].node
    [*users] = last.users
    if with_norm and [graphs.operation(user) for user in users] == ["batch_norm"]:
        last = users[0] if obstacle(module, users[0]) is None else last
    graph = Graph()
    copied: dict[Any, Any] = {}
    graph.graph_copy(module.graph, copied)
    graph.output(copied[last])
    graph.eliminate_dead_code()
    return GraphModule(module, graph)
