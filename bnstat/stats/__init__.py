"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`)."""

from bnstat.stats.values import (
    BatchNormEstimate,
    Estimate,
    Failure,
    FileList,
    Pipeline,
    Shard,
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
    "Source",
    "Stats",
]
