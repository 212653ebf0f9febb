"""Tensors of a .safetensors file: 8 bytes of length, a JSON header, and the tensors' bytes.

https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bnstat.models.weight_files.values import as_bytes
from bnstat.models.weights import plain_names

if TYPE_CHECKING:
    from torch import Tensor

_DTYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_DTYPES |= {"I64": "int64", "I32": "int32"}
_METADATA = "__metadata__"


def replace(data: bytearray, tensors: Mapping[str, Tensor]) -> None:
    """Put other values of tensors into a file's bytes."""
    import torch

    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop(_METADATA, None)
    for name, own in plain_names(header).items():
        if name in tensors:
            entry = header[own]
            first, end = (start + offset for offset in entry["data_offsets"])
            data[first:end] = as_bytes(name, tensors[name], getattr(torch, _DTYPES[entry["dtype"]]))


def written(tensors: Mapping[str, Tensor]) -> bytes:
    """Return a new file."""
    from safetensors.torch import save

    data: bytes = save({name: each.detach().cpu().clone() for name, each in tensors.items()})
    return data
