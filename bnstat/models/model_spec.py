"""A model as it is asked for: by name, with a file of weights; each process makes its own of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError
from bnstat.models import weight_files
from bnstat.models.layers import Activations, batch_norm_layers
from bnstat.text import did_you_mean
from bnstat.user_code import call_object, find_object

if TYPE_CHECKING:
    from torch import nn

LIBRARIES = ("torchvision", "timm")


@dataclass(frozen=True)
class ModelSpec:
    """torchvision:NAME, timm:NAME or package.module:attribute, and its weights.

    digest: of its parameters in the process that asked, or "" there.
    """

    model: str
    weights: Path | None
    digest: str = ""

    def load(self) -> nn.Module:
        """Return the model in eval mode.

        Raises
        ------
        ModelError
            If it cannot be loaded, or would have random weights.
        SpecError
            If the user's code fails.
        """
        module = load(self.model)
        if self.weights is not None:
            weight_files.assign(module, weight_files.read(self.weights), self.weights)
        elif self.model.partition(":")[0] in LIBRARIES:
            raise ModelError(
                f"{self.model} has random weights; name a file of yours with --weights"
            )
        return module

    @lru_cache(maxsize=1)  # noqa: B019 (one for the process; `forget` ends it)
    def activations(self, device: str = "cpu") -> Activations:
        """Return the model on a device, ready to be looked into; it is made once in a process.

        Raises
        ------
        ModelError
            If it has other parameters here than in the process that asked.
        """
        module = self.load()
        if self.digest and digest(module) != self.digest:
            raise ModelError(
                f"{self.model} makes other parameters in each process; save its state_dict(), and "
                "name the file with --weights"
            )
        return Activations(_on(device, module), batch_norm_layers(module))

    @classmethod
    def forget(cls) -> None:
        """Let the model go that was made in this process."""
        cls.activations.cache_clear()

    def with_digest(self) -> ModelSpec:
        """Return what other processes are asked for, who must not make another model."""
        if self.weights is not None:
            return self
        return replace(self, digest=digest(self.activations().model))


def _on(device: str, module: nn.Module) -> nn.Module:
    try:
        return module.to(device)
    except (AssertionError, RuntimeError) as error:  # as torch without CUDA raises
        line = str(error).splitlines()[0]
        raise ModelError(f"the model cannot be put on {device}: {line}") from error


def digest(model: nn.Module) -> str:
    """Return what differs if a parameter does, 32 hex digits."""
    import torch

    total = blake2b(digest_size=16)
    for name, parameter in model.named_parameters():
        total.update(name.encode())
        values: Any = parameter.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy()
        total.update(values)
    return total.hexdigest()


def load(model: str) -> nn.Module:
    """Return a model in eval mode, with random weights unless its own code loads some.

    `model` is torchvision:NAME, timm:NAME, or package.module:attribute: an nn.Module, or what makes
    one without arguments.

    Raises
    ------
    ModelError
        If there is no such model.
    SpecError
        If the user's code fails.
    """
    library, colon, name = model.partition(":")
    if not colon or not name:
        raise ModelError(
            f"{model!r} is no model; write torchvision:NAME, timm:NAME or package.module:attribute"
        )
    if library == "torchvision":
        return _torchvision(name).eval()
    if library == "timm":
        return _timm(name).eval()
    return _from_code(model).eval()


def _torchvision(name: str) -> nn.Module:
    from torchvision import models

    known = models.list_models()
    if name not in known:
        raise ModelError(f"torchvision has no model {name!r}{did_you_mean(name, known)}")
    module: nn.Module = models.get_model(name, weights=None)
    return module


def _timm(name: str) -> nn.Module:
    try:
        import timm
    except ImportError as error:
        raise ModelError(
            "to load models of timm, bnstat needs timm: pip install 'bnstat[timm]'"
        ) from error
    if not timm.is_model(name.partition(".")[0]):
        raise ModelError(f"timm has no model {name!r}{did_you_mean(name, timm.list_models())}")
    module: nn.Module = timm.create_model(name, pretrained=False)
    return module


def _from_code(where: str) -> nn.Module:
    from torch import nn

    obj: Any = find_object(where)
    module = obj if isinstance(obj, nn.Module) else call_object(obj, where)
    if not isinstance(module, nn.Module):
        raise ModelError(f"{where} makes a {type(module).__name__}, which is no nn.Module")
    return module
