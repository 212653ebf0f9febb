"""Figures that circulate as "the std" of a data set and are not.

The mean of the images' stds is most likely what ImageNet's 0.229, 0.224, 0.225 are
(https://github.com/pytorch/vision/issues/1439): it leaves out how much images differ from one
another. So does the root of the mean variance. The mean of the images' means weighs a small image
like a large one.
"""

from __future__ import annotations

import numpy as np

from bnstat.moments import Column, Records
from bnstat.result import Floats


def conventions(records: Records) -> dict[str, Floats]:
    """Return each convention's value per channel, in [0, 1]; ddof is 0 within an image."""
    figures = records.by_channel(lambda channel: _figures(records.column(channel)))
    means, stds, roots = zip(*figures, strict=True)
    return {
        "mean_of_image_means": means,
        "mean_of_image_stds": stds,
        "root_mean_image_variance": roots,
    }


def _figures(column: Column) -> tuple[float, float, float]:
    column = column.counted()
    var = column.m2 / column.n
    root = float(np.sqrt(var.mean()))
    return float(column.mean.mean()), float(np.sqrt(var, out=var).mean()), root
