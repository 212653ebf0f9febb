"""Records to mean and variance, three ways.

two_pass      exact
welford       streaming, in the order of the keys
batchnorm     what `torch.nn.BatchNorm2d` would hold in training mode
conventions   other figures in circulation, which are not the std
"""

from bnstat.estimators.batchnorm import Schedule, TooFewSamplesError, batchnorm
from bnstat.estimators.conventions import conventions
from bnstat.estimators.two_pass import two_pass
from bnstat.estimators.welford import welford

__all__ = ["Schedule", "TooFewSamplesError", "batchnorm", "conventions", "two_pass", "welford"]
