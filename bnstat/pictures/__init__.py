"""Pictures of results, plotted by matplotlib (an extra): from plain values, one file a picture.

theme       colours of light and dark pictures
picture     what every picture offers; figures and files of it
histogram   how often values occur, by channel
batchnorm   running mean and variance over the batches
margin      how wide margins are, over the number of images
images      brightness and contrast of each image
rows        mean and std of groups, and of rows beside the baseline's
"""

from bnstat.pictures.batchnorm import RunningValues
from bnstat.pictures.histogram import Histogram
from bnstat.pictures.images import ImageScatter
from bnstat.pictures.margin import MarginCurve
from bnstat.pictures.picture import Picture, plot_on, render
from bnstat.pictures.rows import Differences, GroupFigures
from bnstat.pictures.theme import DARK, LIGHT, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "Differences",
    "GroupFigures",
    "Histogram",
    "ImageScatter",
    "MarginCurve",
    "Picture",
    "RunningValues",
    "Theme",
    "plot_on",
    "render",
]
