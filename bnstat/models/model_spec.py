"""A model as it is asked for, by name with a file of weights; each process makes its own of it.

Files of weights are torch's or safetensors. What is written again keeps all but the tensors that
were replaced: names and their order, dtypes, tensors that share memory, metadata, and what a
training script put beside the state_dict. The bytes of the file are the library's.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError
from bnstat.models.layers import Activations, batch_norm_layers
from bnstat.text import did_you_mean
from bnstat.user_code import call_object, find_object

if TYPE_CHECKING:
    from torch import Tensor, nn


LIBRARIES = ("torchvision", "timm")
SAFETENSORS = ".safetensors"
# Names under which training scripts put a model's state_dict beside the optimizer's.
_NESTED = ("state_dict", "model", "model_state_dict")
_PREFIX = "module."  # of DataParallel and DistributedDataParallel
_COUNTER = "num_batches_tracked"
_SHOWN = 5


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

        Raises ModelError if it cannot be loaded, or would have random weights, and SpecError if the
        user's code fails.
        """
        module = load(self.model)
        if self.weights is not None:
            assign_weights(module, read_weights(self.weights), self.weights)
        elif self.model.partition(":")[0] in LIBRARIES:
            raise ModelError(
                f"{self.model} has random weights; name a file of yours with --weights"
            )
        return module

    @lru_cache(maxsize=1)  # noqa: B019 (one for the process; `forget` ends it)
    def activations(self, device: str = "cpu") -> Activations:
        """Return the model on a device, ready to be looked into; it is made once in a process.

        Raises ModelError if it has other parameters here than in the process that asked.
        """
        module = self.load()
        if self.digest and digest(module) != self.digest:
            raise ModelError(
                f"{self.model} makes other parameters in each process; save its state_dict(), and "
                "name the file with --weights"
            )
        try:
            module = module.to(device)
        except (AssertionError, RuntimeError) as error:  # as torch without CUDA raises
            line = str(error).splitlines()[0]
            raise ModelError(f"the model cannot be put on {device}: {line}") from error
        return Activations(module, batch_norm_layers(module))

    @classmethod
    def forget(cls) -> None:
        """Let the model go that was made in this process."""
        cls.activations.cache_clear()

    def with_digest(self) -> ModelSpec:
        """Return what other processes are asked for, who must not make another model."""
        if self.weights is not None:
            return self
        return replace(self, digest=digest(self.activations().model))


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

    Raises ModelError if there is no such model, and SpecError if the user's code fails.
    """
    library, colon, name = model.partition(":")
    if not colon or not name:
        raise ModelError(
            f"{model!r} is no model; write torchvision:NAME, timm:NAME or package.module:attribute"
        )
    named = {"torchvision": _torchvision, "timm": _timm}.get(library)
    module: nn.Module = named(name) if named else _from_code(model)
    return module.eval()


def _torchvision(name: str) -> Any:
    from torchvision import models

    known = models.list_models()
    if name not in known:
        raise ModelError(f"torchvision has no model {name!r}{did_you_mean(name, known)}")
    return models.get_model(name, weights=None)


def _timm(name: str) -> Any:
    try:
        import timm
    except ImportError as error:
        raise ModelError(
            "to load models of timm, bnstat needs timm: pip install 'bnstat[timm]'"
        ) from error
    if not timm.is_model(name.partition(".")[0]):
        raise ModelError(f"timm has no model {name!r}{did_you_mean(name, timm.list_models())}")
    return timm.create_model(name, pretrained=False)


def _from_code(where: str) -> Any:
    from torch import nn

    obj = find_object(where)
    module = obj if isinstance(obj, nn.Module) else call_object(obj, where)
    if not isinstance(module, nn.Module):
        raise ModelError(f"{where} makes a {type(module).__name__}, which is no nn.Module")
    return module


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return a file's tensors by name: `.safetensors`, or else what `torch.save` wrote.

    Raises ModelError if it cannot be read, or holds no tensors by name. Pickled code is never run.
    """
    return _state_in(_load(path)[0], path)


def assign_weights(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put all tensors into a model, or raise ModelError with the names that do not match.

    Files of torch before 1.0 have no `num_batches_tracked`, and neither have many of torchvision's.
    """
    state = model.state_dict()
    tensors = {**{n: state[n] for n in state if n.endswith(_COUNTER)}, **tensors}
    common = [name for name in state if name in tensors]
    mismatches = {
        "missing": [name for name in state if name not in tensors],
        "unexpected": [name for name in tensors if name not in state],
        "of another shape": [
            f"{n} {_shape(tensors[n])} for {_shape(state[n])}"
            for n in common
            if state[n].shape != tensors[n].shape
        ],
        "complex for real numbers": [
            n for n in common if tensors[n].is_complex() and not state[n].is_complex()
        ],
    }
    if any(mismatches.values()):
        listed = (f"{kind}: {_listed(names)}" for kind, names in mismatches.items() if names)
        raise ModelError(f"{path} does not fit the model. {'; '.join(listed)}")
    model.load_state_dict(tensors, strict=True)


def weights_with(path: Path, tensors: Mapping[str, Tensor]) -> bytes:
    """Return a file of weights with other values of some tensors, by their names in the model.

    They are rounded to the dtypes of the file; names that it does not have are left out.

    Raises ModelError if it cannot be read, or a value does not fit its dtype.
    """
    content, metadata = _load(path)
    for name, stored in _state_in(content, path).items():
        if name in tensors:  # in place: tensors may share their memory, or be parts of a whole
            stored.detach().copy_(_rounded(name, tensors[name], stored.dtype))
    return weights_as_bytes(content, path.suffix, metadata)


def weights_as_bytes(content: Any, suffix: str, metadata: Mapping[str, str] | None = None) -> bytes:
    if suffix == SAFETENSORS:
        from safetensors.torch import save

        data: bytes = save({name: t.detach().clone() for name, t in content.items()}, metadata)
        return data
    import torch

    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def _load(path: Path) -> tuple[Any, Mapping[str, str] | None]:
    """Return what a file holds, and its metadata if it has any."""
    if path.suffix == SAFETENSORS:
        return _load_safetensors(path)
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True), None
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # torch raises of many kinds on what is no such file
        raise ModelError(
            f"cannot read {path} with weights_only=True; save the model's state_dict()"
        ) from error


def _load_safetensors(path: Path) -> tuple[Any, Mapping[str, str] | None]:
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ModelError(
            "to read .safetensors, bnstat needs safetensors: pip install safetensors"
        ) from error
    try:
        with safe_open(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        why = getattr(error, "strerror", None) or error
        raise ModelError(f"cannot read {path}: {why}") from error


def _state_in(content: Any, path: Path) -> dict[str, Tensor]:
    """Return the state_dict in what a file holds, by the names that the model itself has.

    It may lie below other names, and its own may begin with `module.`.
    """
    from torch import Tensor

    for name in _NESTED * 2:  # one may hold another
        inner = content.get(name) if isinstance(content, Mapping) else None
        if isinstance(inner, Mapping):
            content = inner
    state = content if isinstance(content, Mapping) else {}
    if not state or not all(isinstance(k, str) and isinstance(state[k], Tensor) for k in state):
        raise ModelError(f"{path} holds no tensors by name; save the model's state_dict()")
    prefix = _PREFIX if all(name.startswith(_PREFIX) for name in state) else ""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items()}


def _rounded(name: str, values: Tensor, dtype: Any) -> Tensor:
    """Return values in a dtype; raise ModelError if one becomes infinite."""
    rounded = values.detach().to(dtype)
    if rounded.is_floating_point() and not rounded.isfinite().all():
        raise ModelError(f"{name} does not fit {str(dtype).removeprefix('torch.')}")
    return rounded


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "scalar"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
