"""Pictures of results, plotted by matplotlib (an extra): from plain values, one file a picture.

picture     what every picture offers; figures and files of it; light and dark colours
histogram   how often values occur, by channel
curves      BatchNorm's running values over the batches; margins over the number of images
images      brightness and contrast of each image
rows        mean and std of groups, and of rows beside the baseline's
sheet       small copies of images with their names
"""

from bnstat.pictures.curves import MarginCurve, RunningValues
from bnstat.pictures.histogram import Histogram
from bnstat.pictures.images import ImageScatter
from bnstat.pictures.picture import DARK, LIGHT, Picture, Theme, plot_on, render
from bnstat.pictures.rows import Differences, GroupFigures

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
