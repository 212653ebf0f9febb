"""Files of a model's weights, of torch or safetensors: read, put into a model, written again.

What is written again keeps all but the tensors that were replaced: names and their order, dtypes,
tensors that share memory, metadata, and what a training script put beside the state_dict. The bytes
of the file are the library's.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor, nn

SAFETENSORS = ".safetensors"
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
    content, _ = _load(path)
    state = _state_of(path, content)
    return {name: state[in_file] for name, in_file in _plain_names(state).items()}


def assign(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
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


def with_values(path: Path, tensors: Mapping[str, Tensor]) -> bytes:
    """Return a file of weights with other values of some tensors, by their names in the model.

    They are rounded to the dtypes of the file; names that it does not have are left out.

    Raises
    ------
    ModelError
        If it cannot be read, or a value does not fit its dtype.
    """
    content, metadata = _load(path)
    state = _state_of(path, content)
    for name, in_file in _plain_names(state).items():
        if name in tensors:  # in place: tensors may share their memory, or be parts of a whole
            state[in_file].detach().copy_(_rounded(name, tensors[name], state[in_file].dtype))
    return to_bytes(content, path.suffix, metadata)


def to_bytes(content: Any, suffix: str, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a file of weights."""
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
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except SafetensorError as error:
        raise ModelError(f"cannot read {path}: {error}") from error


def _state_of(path: Path, content: Any) -> Any:
    """Return the state_dict in what a file holds, which may lie below other names."""
    for name in _NESTED * 2:  # one may hold another
        inner = content.get(name) if isinstance(content, Mapping) else None
        if isinstance(inner, Mapping):
            content = inner
    if not isinstance(content, Mapping) or not content or not _all_tensors(content):
        raise ModelError(f"{path} holds no tensors by name; save the model's state_dict()")
    return content


def _plain_names(names: Iterable[str]) -> dict[str, str]:
    """Return the names in a file by those that the model itself has, without `module.`."""
    names = list(names)
    shared = all(name.startswith(_PREFIX) for name in names)
    return {name.removeprefix(_PREFIX) if shared else name: name for name in names}


def _rounded(name: str, values: Tensor, dtype: Any) -> Tensor:
    """Return values in a dtype; raise ModelError if one becomes infinite."""
    rounded = values.detach().to(dtype)
    if rounded.is_floating_point() and not rounded.isfinite().all():
        raise ModelError(f"{name} does not fit {str(dtype).removeprefix('torch.')}")
    return rounded


def _all_tensors(content: Mapping[Any, Any]) -> bool:
    from torch import Tensor

    return all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "scalar"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
