"""Weights of a model, from a file of torch or safetensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

# Names under which training scripts put a model's state_dict beside the optimizer's.
_NESTED = ("state_dict", "model", "model_state_dict")
_PREFIX = "module."  # of DataParallel and DistributedDataParallel
_COUNTER = "num_batches_tracked"
_SHOWN = 5


def read(path: Path) -> dict[str, Tensor]:
    """Return a file's tensors by name: `.safetensors`, or else what `torch.save` wrote.

    A state_dict may lie below `state_dict` or `model`, and its names may begin with `module.`.

    Raises
    ------
    ModelError
        If it cannot be read, or holds no tensors by name. Pickled code is never run.
    """
    content = state_of(_safetensors(path) if path.suffix == ".safetensors" else _torch(path))
    if not isinstance(content, Mapping) or not content or not _all_tensors(content):
        raise ModelError(f"{path} holds no tensors by name; save the model's state_dict()")
    return {name: content[own] for name, own in plain_names(content).items()}


def state_of(content: Any) -> Any:
    """Return the state_dict in what a file holds, which may lie below other names."""
    for name in _NESTED * 2:  # one may hold another
        inner = content.get(name) if isinstance(content, Mapping) else None
        if isinstance(inner, Mapping):
            content = inner
    return content


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names in a file by those that the model itself has, without `module.`."""
    names = list(names)
    shared = all(name.startswith(_PREFIX) for name in names)
    return {name.removeprefix(_PREFIX) if shared else name: name for name in names}


def assign(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put all tensors into a model, or raise ModelError with the names that do not match.

    Files of torch before 1.0 have no `num_batches_tracked`, and neither have many of torchvision's.
    """
    own = model.state_dict()
    tensors = {**{n: own[n] for n in own if n.endswith(_COUNTER)}, **tensors}
    shapes = [n for n in own if n in tensors and own[n].shape != tensors[n].shape]
    found = {
        "missing": [name for name in own if name not in tensors],
        "unexpected": [name for name in tensors if name not in own],
        "of another shape": [f"{n} {_shape(tensors[n])} for {_shape(own[n])}" for n in shapes],
    }
    if any(found.values()):
        listed = "; ".join(f"{kind}: {_listed(names)}" for kind, names in found.items() if names)
        raise ModelError(f"{path} does not fit the model. {listed}")
    model.load_state_dict(tensors, strict=True)


def _torch(path: Path) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # torch raises of many kinds on what is no such file
        raise ModelError(
            f"cannot read {path} with weights_only=True; save the model's state_dict()"
        ) from error


def _safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise ModelError(
            "to read .safetensors, bnstat needs safetensors: pip install safetensors"
        ) from error
    try:
        return load_file(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except SafetensorError as error:
        raise ModelError(f"cannot read {path}: {error}") from error


def _all_tensors(content: Mapping[Any, Any]) -> bool:
    from torch import Tensor

    return all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "scalar"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
