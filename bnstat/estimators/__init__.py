"""Records to mean and variance, by each method of `bnstat.result.METHODS`.

two_pass      exact
welford       streaming, in the order of the keys
batchnorm     what `torch.nn.BatchNorm2d` would hold in training mode
conventions   common but wrong recipes for the mean or the std
uncertainty   how far mean and std may be off

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
from bnstat.estimators.schedule import Schedule
from bnstat.estimators.two_pass import over_channels, two_pass
from bnstat.estimators.uncertainty import look_sizes, uncertainty
from bnstat.estimators.welford import chan, welford

__all__ = [
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
    "look_sizes",
    "moments_of_batches",
    "over_channels",
    "running_values",
    "two_pass",
    "uncertainty",
    "welford",
]
