"""The layers of torch that normalize: Normalize, and a primed BatchNorm2d, also as a file.

https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.v2.Normalize.html
https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
"""

from __future__ import annotations

import io
import json
import struct
from typing import TYPE_CHECKING

from bnstat.errors import ExportError
from bnstat.result import EXACT, BatchNormEstimate, Stats
from bnstat.targets.figures import AS_THEY_ARE, Figures, check_unit
from bnstat.targets.pipeline import before_normalize

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torchvision.transforms import v2

EPS = 1e-5  # torch's default
_SAFETENSORS = {"float32": "F32", "int64": "I64"}
_ALIGNMENT = 8  # of the tensors of a safetensors file


def normalize(stats: Stats, method: str = EXACT) -> v2.Normalize:
    """Return the transform that brings the measured images to mean 0 and std 1.

    It takes float images of shape (..., C, H, W) in [0, 1], as `v2.ToDtype(torch.float32,
    scale=True)` makes them, and returns (image − mean) / std.

    Raises
    ------
    ExportError
        If the result has no such method, or a channel's std is 0.
    """
    from bnstat.transforms import v2

    stats = before_normalize(stats)
    check_unit(stats, AS_THEY_ARE, "Normalize")
    figures = Figures(stats, method)
    return v2.Normalize(mean=list(figures.mean), std=list(figures.nonzero_std))


def batch_norm(
    stats: Stats,
    method: str = EXACT,
    *,
    affine: bool = True,
    absorb_eps: float | None = None,
    momentum: float | None = 0.1,
) -> nn.BatchNorm2d:
    """Return a BatchNorm2d whose running statistics are the measured ones.

    In eval mode it returns (image − mean) / √(var + eps) for float images of shape (N, C, H, W) in
    [0, 1].

    Parameters
    ----------
    affine
        Whether it has a weight of 1 and a bias of 0 to learn.
    absorb_eps
        An eps for the layer that is taken off the stored variance, so that the output equals
        Normalize's up to float32 rounding. Without it eps is 1e-5, and the std comes out smaller
        by eps / (2·var).
    momentum
        Of the layer, should it be trained on; None is the cumulative average.

    Raises
    ------
    ExportError
        If the result has no such method, or a variance is not above `absorb_eps`.
    """
    from torch import nn

    eps = EPS if absorb_eps is None else absorb_eps
    stats = before_normalize(stats)
    check_unit(stats, AS_THEY_ARE, "BatchNorm2d")
    figures = Figures(stats, method)
    layer = nn.BatchNorm2d(len(stats.channels), eps=eps, momentum=momentum, affine=affine)
    layer.load_state_dict(tensors(figures, affine=affine, absorb_eps=absorb_eps))
    return layer


def tensors(
    figures: Figures, *, affine: bool = True, prefix: str = "", absorb_eps: float | None = None
) -> dict[str, torch.Tensor]:
    """Return the entries of the state_dict: float32 of shape (C,), and an int64 scalar.

    `prefix` is the layer's name in a model, with or without a dot at its end.
    """
    import torch

    prefix = _checked_prefix(prefix)
    channels = len(figures.channels)
    replay, images = figures.stats.methods.get("batchnorm"), figures.stats.source.images
    batches = replay.batches if isinstance(replay, BatchNormEstimate) else images
    entries = {"weight": torch.ones(channels), "bias": torch.zeros(channels)} if affine else {}
    entries |= {
        "running_mean": torch.tensor(figures.mean, dtype=torch.float32),
        "running_var": torch.tensor(figures.var_less(absorb_eps), dtype=torch.float32),
        # Not 0, with which momentum=None would forget the priming at its first step.
        "num_batches_tracked": torch.tensor(batches, dtype=torch.int64),
    }
    return {prefix + name: tensor for name, tensor in entries.items()}


def state_dict(
    figures: Figures, *, affine: bool = True, prefix: str = "", absorb_eps: float | None = None
) -> bytes:
    import torch

    file = io.BytesIO()
    torch.save(tensors(figures, affine=affine, prefix=prefix, absorb_eps=absorb_eps), file)
    return file.getvalue()


def safetensors(
    figures: Figures, *, affine: bool = True, prefix: str = "", absorb_eps: float | None = None
) -> bytes:
    """Return the entries of `state_dict` as safetensors, with where they come from as metadata.

    https://huggingface.co/docs/safetensors/index#format: the header's length as a little-endian
    u64, the header as JSON, padded with spaces, then the tensors' bytes. Its `__metadata__` is text
    by name.
    """
    origin = {name: str(fact) for name, fact in figures.provenance.items()}
    header: dict[str, object] = {"__metadata__": {"format": "pt", **origin}}
    data = b""
    entries = tensors(figures, affine=affine, prefix=prefix, absorb_eps=absorb_eps)
    for name, tensor in entries.items():
        array = tensor.numpy()
        array = array.astype(array.dtype.newbyteorder("<"))
        header[name] = {
            "dtype": _SAFETENSORS[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + array.nbytes],
        }
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    return struct.pack("<Q", len(text)) + text + data


def check(data: bytes) -> str:
    """Load what was written as a user would, into the layer that it is for."""
    try:
        name, layer = _loaded(data)
    except Exception as error:  # torch raises of many kinds on what is no such file
        why = str(error) or type(error).__name__
        raise ExportError(f"what was written does not load: {why}") from error
    loaded_into = f"{name} = " * bool(name) + f"BatchNorm2d({layer.num_features})"
    return f"loads with weights_only=True and strict=True into {loaded_into}"


def _loaded(data: bytes) -> tuple[str, nn.BatchNorm2d]:
    """Load a state_dict into a new model that has nothing but the layer; return its name, and it.

    A name without its dot, or any other that no layer has, is unexpected there, and raises.
    """
    import torch
    from torch import nn

    state = torch.load(io.BytesIO(data), weights_only=True)
    [name] = [name for name in state if name.endswith("running_mean")]
    *path, _ = name.split(".")
    affine = ".".join([*path, "weight"]) in state
    layer = nn.BatchNorm2d(len(state[name]), affine=affine)
    model: nn.Module = layer
    for part in reversed(path):
        outer = nn.Module()
        outer.add_module(part, model)
        model = outer
    model.load_state_dict(state, strict=True)
    return ".".join(path), layer


def _checked_prefix(prefix: str) -> str:
    """Return a layer's name with a dot at its end, as names in a state_dict have it."""
    name = prefix.removesuffix(".")
    if prefix and not all(name.split(".")):
        raise ExportError(
            f"prefix {prefix!r} is not the name of a layer, like norm or encoder.norm"
        )
    return name and f"{name}."
