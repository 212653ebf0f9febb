"""The BatchNorm layers of a model: their running statistics, and what they are given."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from bnstat.errors import ModelError
from bnstat.moments import Floats, Pooled

if TYPE_CHECKING:
    from torch import Tensor, nn

# Deviations are squared in float64, so many at a time: what stays in the cache is faster.
_BLOCK = 1 << 19


class Running(NamedTuple):
    """What a layer normalizes with in eval mode: float64 of shape (C,); var is unbiased."""

    mean: Floats
    var: Floats


Statistics: TypeAlias = Mapping[str, Running]


def batch_norm_layers(model: nn.Module) -> dict[str, Any]:
    """Return the BatchNorm layers of a model by name; one under several names stands once.

    These are BatchNorm1d, 2d and 3d, SyncBatchNorm, and what is derived from them. Raises
    ModelError if there is none, or one has no running statistics.
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


def statistics(layers: Mapping[str, Any]) -> dict[str, Running]:
    def floats(tensor: Any) -> Floats:
        values: Floats = tensor.detach().double().cpu().numpy().copy()
        return values

    return {n: Running(floats(x.running_mean), floats(x.running_var)) for n, x in layers.items()}


def invalid_layers(model: nn.Module) -> tuple[str, ...]:
    """Return layers with running statistics that no images can give: negative or not finite."""
    from torch.nn.modules.batchnorm import _BatchNorm

    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, _BatchNorm) and layer.running_var is not None
    }
    return tuple(
        name
        for name, running in statistics(layers).items()
        if not (np.isfinite(running).all() and (running.var >= 0).all())
    )


def set_statistics(layers: Mapping[str, Any], new: Statistics) -> None:
    """Give layers other running statistics, rounded to the dtype of their own."""
    import torch

    for name, running in new.items():
        layers[name].running_mean.copy_(torch.from_numpy(running.mean))
        layers[name].running_var.copy_(torch.from_numpy(running.var))


class _EnoughError(Exception):
    """All layers that are wanted have been seen."""


class Activations:
    """Runs a model in eval mode, and pools the samples that its BatchNorm layers are given.

    order: the names of the layers as they are called, the same in every batch; moments: of each
    wanted layer, since `begin`.
    """

    def __init__(self, model: nn.Module, layers: Mapping[str, Any]) -> None:
        self.model = model
        self.layers = layers
        self.order: list[str] = []
        self.moments: dict[str, Pooled] = {}
        self._wanted: Container[str] = ()
        self._last: str | None = None
        self._hooks = [
            layer.register_forward_pre_hook(self._hook(name)) for name, layer in layers.items()
        ]

    def close(self) -> None:
        """Leave the model as any other."""
        for hook in self._hooks:
            hook.remove()

    def begin(self, wanted: Sequence[str] | None) -> None:
        """Pool the samples of these layers from now on; None is all.

        A forward pass ends behind the last of them, in the order of their calls.
        """
        self.moments = {}
        self.order = []
        self._wanted = self.layers if wanted is None else wanted
        self._last = wanted[-1] if wanted else None

    def add(self, images: Tensor) -> None:
        """Run the model on normalized images (N, C, H, W), float32, and pool what layers are given.

        Raises ModelError if the model fails, uses a layer twice, or uses layers in another order
        than before.
        """
        import torch

        before, self.order = self.order, []
        floats = (each for each in self.model.parameters() if each.is_floating_point())
        like = next(floats, torch.empty(0, dtype=torch.float32))
        try:
            with torch.inference_mode():
                self.model(images.to(like.device, like.dtype))
        except _EnoughError:
            pass
        except ModelError:
            raise
        except Exception as error:
            line = " ".join(str(error).split())[:200]
            shape = " × ".join(map(str, images.shape[1:]))
            raise ModelError(
                f"the model fails on images of {shape}: {type(error).__name__}: {line}"
            ) from error
        check_order(before, self.order)

    def _hook(self, name: str) -> Any:
        def look(layer: Any, arguments: tuple[Any, ...]) -> None:
            if name in self.order:
                raise ModelError(
                    f"layer {name} is used twice in one forward pass; its statistics would be of "
                    "both uses. Give each use a BatchNorm layer of its own"
                )
            self.order.append(name)
            if name in self._wanted:
                moments = pooled(arguments[0])
                before = self.moments.get(name)
                self.moments[name] = moments if before is None else before.merged(moments)
            if name == self._last:
                raise _EnoughError

        return look


def check_order(before: Sequence[str], now: Sequence[str]) -> None:
    """Raise ModelError if layers were called in another order; of no layers nothing is said."""
    if not before or not now or list(before) == list(now):
        return
    pairs = zip(before, now, strict=False)
    differing = next((earlier for earlier, later in pairs if earlier != later), "one of them")
    raise ModelError(
        "the model calls its BatchNorm layers in another order from image to image "
        f"({differing} first); their statistics cannot be told from one another"
    )


def pooled(samples: Tensor) -> Pooled:
    """Return the moments of samples of shape (N, C, ...) by channel, summed in float64.

    Deviations are from a mean of the batch, rounded to the dtype of the samples, but at least
    float32: so nothing cancels, however large the mean is.

    >>> import torch
    >>> pooled(torch.tensor([[1e4 - 1], [1e4 + 1]])).variance
    array([1.])
    """
    import torch

    rows: Any = samples.detach().reshape(*samples.shape[:2], -1)
    if rows.dtype in (torch.float16, torch.bfloat16):
        rows = rows.float()
    n = rows.shape[0] * rows.shape[2]
    center = rows.mean((0, 2))
    rest = squares = torch.zeros(len(center), dtype=torch.float64, device=center.device)
    for part in rows.split(max(1, _BLOCK // max(1, rows[0].numel()))):
        away = (part - center[:, None]).double()
        rest = rest + away.sum(2).sum(0)
        squares = squares + torch.linalg.vector_norm(away, dim=2).square_().sum(0)
    first, second, about = (tensor.cpu().numpy() for tensor in (rest, squares, center.double()))
    with np.errstate(invalid="ignore", over="ignore"):  # until its pass, a layer may be given NaN
        return Pooled(n, about + first / n, np.maximum(second - first * first / n, 0.0))
