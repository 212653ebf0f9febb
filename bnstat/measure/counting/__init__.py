"""Samples to counts and moments: all counting that is done on pixels.

image    a decoded image, 8-bit, 16-bit or float, in the asked mode
output   what a pipeline returns: an image, a tensor or an array
kinds    modes, their channels and scales
planes   samples of shape (C, H, W), whatever their order in memory
"""

from bnstat.measure.counting.image import count_image
from bnstat.measure.counting.kinds import is_kind
from bnstat.measure.counting.output import count_output, planes_of

__all__ = ["count_image", "count_output", "is_kind", "planes_of"]
