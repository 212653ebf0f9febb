"""Where the tensors of a torch.save archive are, from its pickle; no code of the pickle's runs.

torch.load itself has read the file with weights_only=True before. Here each storage becomes its
name in the archive, each tensor its place in a storage, and everything else a stand-in.
"""

from __future__ import annotations

import pickle
from io import BytesIO
from typing import Any, NamedTuple


class StoredTensor(NamedTuple):
    """A tensor: the key of its storage, its dtype, and its place in it, in items."""

    storage: str
    dtype: Any
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Storage(NamedTuple):
    key: str
    dtype: Any


class _StandIn(dict[Any, Any]):
    """Takes the place of any object, and whatever is done to it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __call__(self, *_: Any, **__: Any) -> _StandIn:
        return _StandIn()

    def __setstate__(self, state: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """Forget what is appended."""

    def extend(self, items: Any) -> None:
        """Forget what is appended."""


class _Mapping(dict[Any, Any]):
    """An OrderedDict, whose attributes do not matter."""

    def __setstate__(self, state: Any) -> None:
        pass


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): _Mapping,
            ("torch._utils", "_rebuild_tensor_v2"): _tensor,
            ("torch._utils", "_rebuild_tensor"): _tensor,
            ("torch._utils", "_rebuild_parameter"): _parameter,
            ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
        }
        if module in ("torch", "torch.storage") and name.endswith("Storage"):
            return _dtype_of(name)
        return known.get((module, name), _StandIn)

    def persistent_load(self, pid: Any) -> Any:
        _, dtype, key, *_ = pid
        return _Storage(str(key), dtype)


def stored_tensors(pickled: bytes) -> Any:
    """Return what a pickle holds: mappings and lists, and a `StoredTensor` for each tensor."""
    found: Any = _Unpickler(BytesIO(pickled)).load()
    return found


def _tensor(storage: Any, offset: int, shape: Any, stride: Any, *_: Any) -> StoredTensor:
    return StoredTensor(storage.key, storage.dtype, offset, tuple(shape), tuple(stride))


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _dtype_of(storage: str) -> Any:
    """Return the dtype of a class of storages; None for one that no statistics have."""
    import torch

    kinds = {
        "FloatStorage": torch.float32,
        "DoubleStorage": torch.float64,
        "HalfStorage": torch.float16,
        "BFloat16Storage": torch.bfloat16,
        "LongStorage": torch.int64,
        "IntStorage": torch.int32,
    }
    return kinds.get(storage)
