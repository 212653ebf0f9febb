"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`)."""

from bnstat.stats.draws import DETERMINISTIC, draws_at_random
from bnstat.stats.exactness import exactness
from bnstat.stats.nothing import no_figures
from bnstat.stats.values import (
    MOST_WARNINGS,
    BatchNormEstimate,
    Estimate,
    Failure,
    FileList,
    Group,
    MeanAndStd,
    Pipeline,
    Sample,
    Selection,
    Shards,
    Source,
    Stats,
    Uncertainty,
    Warned,
    Warnings,
)

__all__ = [
    "DETERMINISTIC",
    "MOST_WARNINGS",
    "BatchNormEstimate",
    "Estimate",
    "Failure",
    "FileList",
    "Group",
    "MeanAndStd",
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
    "exactness",
    "no_figures",
]
