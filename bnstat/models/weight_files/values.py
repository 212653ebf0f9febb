"""Values of a tensor as the bytes of another dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bnstat.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor


def as_bytes(name: str, values: Tensor, dtype: Any) -> bytes:
    """Return values in a dtype, little-endian, as files of weights have them.

    Raises
    ------
    ModelError
        If one becomes infinite.
    """
    import torch

    rounded = values.detach().cpu().to(dtype).contiguous()
    if rounded.is_floating_point() and not rounded.isfinite().all():
        raise ModelError(f"{name} does not fit {str(dtype).removeprefix('torch.')}")
    return rounded.reshape(-1).view(torch.uint8).numpy().tobytes()
