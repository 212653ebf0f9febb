"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`)."""

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
    "no_figures",
]
