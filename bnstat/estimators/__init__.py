"""Records to mean and variance, by each method of `bnstat.result.METHODS`.

methods       exact, streaming, and common but wrong recipes
batchnorm     what `torch.nn.BatchNorm2d` would hold in training mode; replay: under many schedules
spreads       how much figures vary; intervals, uncertainty: how far mean and std may be off
paired        how far a difference of the same images may be off
image_sums    what a document keeps of images, so that margins merge and sets are compared
recipes       by which people make mean and std; explaining: which of them gives a constant
outliers      images unlike the rest; near_sets: images that are alike
"""

from bnstat.estimators.batchnorm import Schedule, TooFewSamplesError, batchnorm, moments_of_batches
from bnstat.estimators.image_sums import image_sums, merged_sums, sketch, spreads_of_sums
from bnstat.estimators.methods import (
    chan,
    conventions,
    every_method,
    over_channels,
    two_pass,
    welford,
)
from bnstat.estimators.paired import paired_margins
from bnstat.estimators.spreads import Design
from bnstat.estimators.uncertainty import likeness, look_sizes, uncertainty, uncertainty_of

__all__ = [
    "Design",
    "Schedule",
    "TooFewSamplesError",
    "batchnorm",
    "chan",
    "conventions",
    "every_method",
    "image_sums",
    "likeness",
    "look_sizes",
    "merged_sums",
    "moments_of_batches",
    "over_channels",
    "paired_margins",
    "sketch",
    "spreads_of_sums",
    "two_pass",
    "uncertainty",
    "uncertainty_of",
    "welford",
]
