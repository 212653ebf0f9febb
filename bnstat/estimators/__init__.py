"""Records to mean and variance, three ways.

two_pass      exact
welford       streaming, in the order of the keys
batchnorm     what `torch.nn.BatchNorm2d` would hold in training mode
conventions   other figures in circulation, which are not the std
"""

from bnstat.estimators.batchnorm import (
    TooFewSamplesError,
    batchnorm,
    epochs_of,
    moments_of_batches,
)
from bnstat.estimators.conventions import conventions
from bnstat.estimators.expectation import Expectation, expectation
from bnstat.estimators.schedule import Schedule
from bnstat.estimators.two_pass import two_pass
from bnstat.estimators.welford import welford

__all__ = [
    "Expectation",
    "Schedule",
    "TooFewSamplesError",
    "batchnorm",
    "conventions",
    "epochs_of",
    "expectation",
    "moments_of_batches",
    "two_pass",
    "welford",
]
