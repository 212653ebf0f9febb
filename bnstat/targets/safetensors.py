"""The tensors of a primed `torch.nn.BatchNorm2d` as safetensors.

https://huggingface.co/docs/safetensors/index#format: the header's length as a little-endian u64,
the header as JSON, padded with spaces, then the tensors' bytes. Its `__metadata__` is text by name.
"""

from __future__ import annotations

import json
import struct

from bnstat.targets.figures import Figures
from bnstat.targets.state_dict import tensors
from bnstat.targets.target import BOTH, Target

_DTYPES = {"float32": "F32", "int64": "I64"}
_ALIGNMENT = 8


def render(
    figures: Figures,
    *,
    affine: bool = True,
    prefix: str = "",
    absorb_eps: float | None = None,
) -> bytes:
    """Return the file: the entries of `state_dict`, with where they come from as metadata."""
    header: dict[str, object] = {"__metadata__": {"format": "pt", **figures.provenance}}
    data = b""
    entries = tensors(figures, affine=affine, prefix=prefix, absorb_eps=absorb_eps)
    for name, tensor in entries.items():
        array = tensor.numpy()
        array = array.astype(array.dtype.newbyteorder("<"))
        header[name] = {
            "dtype": _DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + data


TARGET = Target(
    name="safetensors",
    writes="the same tensors as safetensors, with their origin as metadata",
    render=render,
    file="bnstat.safetensors",
    scales=BOTH,
    precise=False,
    binary=True,
)
