"""Flax: the `batch_stats` of a `BatchNorm` that normalizes images.

https://flax.readthedocs.io/en/latest/api_reference/flax.linen/layers.html#flax.linen.BatchNorm
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.state_dict import stored_var
from bnstat.targets.target import BOTH, Target

_SNIPPET = """\
import jax.numpy as jnp

{comment}
# For images of shape (N, H, W, {channels}) in [0, {scale}].
batch_stats = {{
    "mean": jnp.array({mean}, dtype=jnp.float32),
    "var": jnp.array({var}, dtype=jnp.float32),
}}
"""


def render(figures: Figures, *, absorb_eps: float | None = None) -> bytes:
    """Return a snippet that runs as pasted; `absorb_eps` is taken off the variance."""
    return _SNIPPET.format(
        comment=figures.comment,
        channels=len(figures.channels),
        scale=figures.scale,
        mean=figures.text(figures.mean),
        var=figures.text(stored_var(figures, absorb_eps)),
    ).encode()


TARGET = Target(
    name="flax",
    writes="batch_stats of a Flax BatchNorm",
    render=render,
    file="flax_batch_stats.py",
    scales=BOTH,
)
