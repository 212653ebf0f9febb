"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`)."""

from bnstat.stats.nothing import no_figures
from bnstat.stats.values import (
    BatchNormEstimate,
    Estimate,
    Failure,
    FileList,
    Pipeline,
    Shard,
    Shards,
    Source,
    Stats,
)

__all__ = [
    "BatchNormEstimate",
    "Estimate",
    "Failure",
    "FileList",
    "Pipeline",
    "Shard",
    "Shards",
    "Source",
    "Stats",
    "no_figures",
]
