"""The BatchNorm layers of a model, and their running statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from bnstat.errors import ModelError
from bnstat.moments import Floats

if TYPE_CHECKING:
    from torch import nn


class Running(NamedTuple):
    """What a layer normalizes with in eval mode: float64 of shape (C,); var is unbiased."""

    mean: Floats
    var: Floats


Statistics: TypeAlias = Mapping[str, Running]


def batch_norm_layers(model: nn.Module) -> dict[str, Any]:
    """Return the BatchNorm layers of a model by name; one under several names stands once.

    These are BatchNorm1d, 2d and 3d, SyncBatchNorm, and what is derived from them.

    Raises
    ------
    ModelError
        If there is none, or one has no running statistics: what it does depends on the batch.
    """
    from torch.nn.modules.batchnorm import _BatchNorm

    layers = {name: each for name, each in model.named_modules() if isinstance(each, _BatchNorm)}
    if not layers:
        raise ModelError("the model has no BatchNorm layer, so there is nothing to measure again")
    for name, layer in layers.items():
        if layer.running_mean is None or layer.running_var is None:
            raise ModelError(
                f"layer {name} has no running statistics (track_running_stats=False); "
                "it normalizes each batch with its own"
            )
    return layers


def names_of(model: nn.Module, layers: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return all names that each layer has in the model's state_dict."""
    every = list(model.named_modules(remove_duplicate=False))
    return {
        name: [other for other, module in every if module is layer]
        for name, layer in layers.items()
    }


def statistics(layers: Mapping[str, Any]) -> dict[str, Running]:
    """Return the running statistics of layers."""
    return {
        name: Running(_floats(layer.running_mean), _floats(layer.running_var))
        for name, layer in layers.items()
    }


def set_statistics(layers: Mapping[str, Any], found: Statistics) -> None:
    """Give layers other running statistics, rounded to the dtype of their own."""
    import torch

    for name, running in found.items():
        layers[name].running_mean.copy_(torch.from_numpy(running.mean))
        layers[name].running_var.copy_(torch.from_numpy(running.var))


def _floats(tensor: Any) -> Floats:
    values: Floats = tensor.detach().double().cpu().numpy().copy()
    return values
