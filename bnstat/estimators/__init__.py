"""Records to mean and variance, by each method of `bnstat.result.METHODS`.

two_pass      exact
welford       streaming, in the order of the keys
batchnorm     what `torch.nn.BatchNorm2d` would hold in training mode
conventions   common but wrong recipes for the mean or the std
uncertainty   how far mean and std may be off
image_sums    what margins of merged results follow from
likeness      how alike images of a cluster are
paired        how far a difference of the same images may be off
sketch        by which sets tell how many images they share

A method's module has its name, and in it the function of that name, from records, and a schedule
if it takes one, to an `Estimate`; or it raises `NoEstimateError` with the reason.
"""

from bnstat.estimators.batchnorm import (
    Epochs,
    Expectation,
    TooFewSamplesError,
    batchnorm,
    epochs_of,
    expectation,
    moments_of_batches,
    running_values,
)
from bnstat.estimators.conventions import conventions
from bnstat.estimators.every_method import every_method
from bnstat.estimators.image_sums import image_sums, merged_sums, spreads_of_sums
from bnstat.estimators.likeness import likeness
from bnstat.estimators.paired import paired_margins
from bnstat.estimators.schedule import Schedule
from bnstat.estimators.sketch import sketch
from bnstat.estimators.spreads import Design
from bnstat.estimators.two_pass import over_channels, two_pass
from bnstat.estimators.uncertainty import look_sizes, uncertainty, uncertainty_of
from bnstat.estimators.welford import chan, welford

__all__ = [
    "Design",
    "Epochs",
    "Expectation",
    "Schedule",
    "TooFewSamplesError",
    "batchnorm",
    "chan",
    "conventions",
    "epochs_of",
    "every_method",
    "expectation",
    "image_sums",
    "likeness",
    "look_sizes",
    "merged_sums",
    "moments_of_batches",
    "over_channels",
    "paired_margins",
    "running_values",
    "sketch",
    "spreads_of_sums",
    "two_pass",
    "uncertainty",
    "uncertainty_of",
    "welford",
]
