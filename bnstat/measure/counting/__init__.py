"""Samples to counts and moments: all counting that is done on pixels.

image    a decoded image, 8-bit, 16-bit or float, in the asked mode; what a pipeline returns
planes   kinds of samples; planes of them, whatever their order in memory
extremes float samples far from all others
stack    many images of one shape at once
raster   the bands of a raster, block by block
"""

from bnstat.measure.counting.image import count_image, count_output, planes_of
from bnstat.measure.counting.planes import is_kind
from bnstat.measure.counting.stack import count_stack

__all__ = ["count_image", "count_output", "count_stack", "is_kind", "planes_of"]
