"""A primed `torch.nn.BatchNorm2d`: as a state_dict in a file, and as the layer itself.

https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from bnstat.errors import ExportError
from bnstat.result import EXACT, BatchNormEstimate, Stats
from bnstat.targets.figures import Figures
from bnstat.targets.target import BOTH, Target

if TYPE_CHECKING:
    import torch
    from torch import nn

EPS = 1e-5  # torch's default


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
    figures = Figures(stats, method)
    layer = nn.BatchNorm2d(len(stats.channels), eps=eps, momentum=momentum, affine=affine)
    layer.load_state_dict(tensors(figures, affine=affine, absorb_eps=absorb_eps))
    return layer


def tensors(
    figures: Figures,
    *,
    affine: bool = True,
    prefix: str = "",
    absorb_eps: float | None = None,
) -> dict[str, torch.Tensor]:
    """Return the entries of the state_dict: float32 of shape (C,), and an int64 scalar.

    `prefix` is the layer's name in a model, with or without a dot at its end.
    """
    import torch

    prefix = _checked_prefix(prefix)

    channels = len(figures.channels)
    entries = {"weight": torch.ones(channels), "bias": torch.zeros(channels)} if affine else {}
    entries |= {
        "running_mean": torch.tensor(figures.mean, dtype=torch.float32),
        "running_var": torch.tensor(stored_var(figures, absorb_eps), dtype=torch.float32),
        # Not 0, with which momentum=None would forget the priming at its first step.
        "num_batches_tracked": torch.tensor(_batches(figures.stats), dtype=torch.int64),
    }
    return {prefix + name: tensor for name, tensor in entries.items()}


def render(
    figures: Figures,
    *,
    affine: bool = True,
    prefix: str = "",
    absorb_eps: float | None = None,
) -> bytes:
    """Return what `torch.save` writes of the state_dict."""
    import torch

    file = io.BytesIO()
    torch.save(tensors(figures, affine=affine, prefix=prefix, absorb_eps=absorb_eps), file)
    return file.getvalue()


def check(data: bytes) -> str:
    """Load what was written as a user would, into the layer that it is for."""
    try:
        name, layer = _loaded(data)
    except Exception as error:  # torch raises of many kinds on what is no such file
        why = str(error) or type(error).__name__
        raise ExportError(f"what was written does not load: {why}") from error
    found = f"{name} = " * bool(name) + f"BatchNorm2d({layer.num_features})"
    return f"loads with weights_only=True and strict=True into {found}"


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


def stored_var(figures: Figures, absorb_eps: float | None) -> list[float]:
    """Return the variance less an eps, which a layer adds again; raise ExportError if too small."""
    if absorb_eps is None:
        return list(figures.var)
    for channel, var in zip(figures.channels, figures.var, strict=True):
        if var <= absorb_eps:
            raise ExportError(
                f"channel {channel} has variance {var:g}, which is not above eps {absorb_eps:g}; "
                "absorb a smaller eps, and give the layer the same"
            )
    return [var - absorb_eps for var in figures.var]


def _batches(stats: Stats) -> int:
    estimate = stats.methods.get("batchnorm")
    return estimate.batches if isinstance(estimate, BatchNormEstimate) else stats.source.images


TARGET = Target(
    name="state_dict",
    writes="torch.save of a primed BatchNorm2d's state_dict",
    render=render,
    file="bnstat.pt",
    scales=BOTH,
    precise=False,
    binary=True,
    check=check,
)
