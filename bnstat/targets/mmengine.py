"""OpenMMLab: the `data_preprocessor` of a config, `mmengine.model.ImgDataPreprocessor`.

https://mmengine.readthedocs.io/en/latest/api/generated/mmengine.model.ImgDataPreprocessor.html
"""

from __future__ import annotations

from bnstat.targets.figures import Figures
from bnstat.targets.target import Target

_CONFIG = """\
# -*- coding: utf-8 -*-

{comment}
data_preprocessor = dict(
    type="ImgDataPreprocessor",
    mean={mean},
    std={std},
    bgr_to_rgb={turned},
)
"""


def render(figures: Figures) -> bytes:
    """Return lines for a config: images are BGR in 0-255, as OpenMMLab loads them.

    Mean and std are in the order that images have after `bgr_to_rgb`.
    """
    turned = figures.order == "rgb" and len(figures.channels) > 1
    return _CONFIG.format(
        comment=figures.comment,
        mean=figures.text(figures.mean),
        std=figures.text(figures.nonzero_std),
        turned=turned,
    ).encode()


TARGET = Target(
    name="mmengine",
    writes="data_preprocessor of an OpenMMLab config",
    render=render,
    file="data_preprocessor.py",
    scales=(255,),
    orders=("rgb", "bgr"),
    channels=(1, 3),
)
