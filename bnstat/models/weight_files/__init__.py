"""Tensors of a file of weights, replaced; no other byte of it changes.

safetensors   the format of the library of that name
torch_zip     what torch.save writes since torch 1.6: a zip archive
storages      where in that archive each tensor is
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bnstat.errors import ModelError
from bnstat.models.weight_files import safetensors, torch_zip

if TYPE_CHECKING:
    from torch import Tensor

SAFETENSORS = ".safetensors"


def replaced(path: Path, tensors: Mapping[str, Tensor]) -> bytes:
    """Return a file of weights with other values of some tensors, by their names in the model.

    They are rounded to the dtypes of the file; names that it does not have are left out.

    Raises
    ------
    ModelError
        If the file has a form in which they cannot be found, or a value does not fit its dtype.
    """
    data = bytearray(path.read_bytes())
    if path.suffix == SAFETENSORS:
        safetensors.replace(data, tensors)
    elif data.startswith(b"PK"):
        torch_zip.replace(data, tensors)
    else:
        raise ModelError(
            f"{path} is of torch before 1.6; write it anew: "
            "torch.save(torch.load(FILE, weights_only=True), NEW)"
        )
    return bytes(data)


def written(tensors: Mapping[str, Tensor], suffix: str) -> bytes:
    """Return a new file of weights."""
    import torch

    if suffix == SAFETENSORS:
        return safetensors.written(tensors)
    file = io.BytesIO()
    torch.save(dict(tensors), file)
    return file.getvalue()
