"""Keras: a `Normalization` layer, which takes the variance, in the units of its input.

https://keras.io/api/layers/preprocessing_layers/numerical/normalization/
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_SNIPPET = """\
import keras

{comment}
# For images of shape (N, H, W, {channels}) in [0, {scale}].
normalization = keras.layers.Normalization(
    axis=-1,
    mean={mean},
    variance={variance},
)
"""


def render(figures: Figures) -> bytes:
    """Return a snippet that runs as pasted."""
    return _SNIPPET.format(
        comment=figures.comment,
        channels=len(figures.channels),
        scale=figures.scale,
        mean=figures.text(figures.mean),
        variance=figures.text(figures.var),
    ).encode()


TARGET = Target(
    name="keras",
    writes="keras.layers.Normalization, with the variance",
    render=render,
    file="normalization.py",
    scales=(255, 1),
)
