"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`).

estimates   mean and variance of one method
methods     the one table of methods
selection   which pixels of which images counted
uncertainty how sure the figures are
group       the figures of images under one label
source      where the images are, and what was done to them
contents    what a document says, of these
document    its JSON; reading, writing, node
stats       a result, in memory and in a file
summary     a result on a few lines
draws       whether a pipeline draws at random
exactness   whether figures are exact, in words
empty       the figures of a result in which nothing was measured
sweep       BatchNorm under many schedules
"""

from bnstat.result.draws import DETERMINISTIC, draws_at_random
from bnstat.result.empty import empty_figures
from bnstat.result.estimates import BatchNormEstimate, Estimate, Floats
from bnstat.result.exactness import exactness
from bnstat.result.group import Group
from bnstat.result.methods import EXACT, METHODS, Method
from bnstat.result.selection import Sample, Selection
from bnstat.result.source import (
    MOST_WARNINGS,
    Failure,
    FileList,
    Pipeline,
    Shards,
    Source,
    Warned,
    Warnings,
)
from bnstat.result.stats import Stats
from bnstat.result.uncertainty import MeanAndStd, Uncertainty

__all__ = [
    "DETERMINISTIC",
    "EXACT",
    "METHODS",
    "MOST_WARNINGS",
    "BatchNormEstimate",
    "Estimate",
    "Failure",
    "FileList",
    "Floats",
    "Group",
    "MeanAndStd",
    "Method",
    "Pipeline",
    "Sample",
    "Selection",
    "Shards",
    "Source",
    "Stats",
    "Uncertainty",
    "Warned",
    "Warnings",
    "draws_at_random",
    "empty_figures",
    "exactness",
]
