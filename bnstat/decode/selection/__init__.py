"""Which pixels count: a decoded image to a mask of the samples that are measured.

mask       the mask of an image: a plane for all channels, or one for each
alpha      transparent pixels
nodata     samples of a value that stands for "no data"
labels     pixels that a second image, a label map, selects
conditions what is asked, and all of it together
"""

from bnstat.decode.selection.conditions import Conditions, Selected, conditions
from bnstat.decode.selection.mask import SampleMask

__all__ = ["Conditions", "SampleMask", "Selected", "conditions"]
