"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`).

inputs         what was measured: sources, selection, sample, pipeline
input_warnings what should be known of these before figures are trusted
estimates      the methods: mean and variance of each, and how sure they are
distribution   percentiles; histograms of groups, packed
summary        what is in the folder: sizes, formats, modes
contents       what a document says, of these
document       its JSON; reading, node and consistency check what is read
stats          a result, in memory, in a file and on a few lines
plots          the pictures that a result has by itself
tables         records: a row for each image and draw; record_files: as Parquet and CSV

Of other commands: explanation, found_images (outliers and duplicates), running_statistics (sweeps
and recalibrations).
"""

from bnstat.result.contents import Group, exactness
from bnstat.result.estimates import (
    EXACT,
    METHODS,
    BatchNormEstimate,
    Corrected,
    Estimate,
    Floats,
    ImageSums,
    MeanAndStd,
    Method,
    NoEstimateError,
    OrderStatistics,
    OverChannels,
    PairedMargins,
    Sketch,
    Uncertainty,
    empty_figures,
)
from bnstat.result.inputs import (
    DETERMINISTIC,
    MAX_FAILURES,
    MAX_WARNINGS,
    Dataset,
    Failure,
    FileList,
    FloatImages,
    Pipeline,
    Sample,
    Selection,
    Shards,
    Source,
    Warned,
    Warnings,
)
from bnstat.result.stats import Stats, title
from bnstat.result.summary import Summary

__all__ = [
    "DETERMINISTIC",
    "EXACT",
    "MAX_FAILURES",
    "MAX_WARNINGS",
    "METHODS",
    "BatchNormEstimate",
    "Corrected",
    "Dataset",
    "Estimate",
    "Failure",
    "FileList",
    "FloatImages",
    "Floats",
    "Group",
    "ImageSums",
    "MeanAndStd",
    "Method",
    "NoEstimateError",
    "OrderStatistics",
    "OverChannels",
    "PairedMargins",
    "Pipeline",
    "Sample",
    "Selection",
    "Shards",
    "Sketch",
    "Source",
    "Stats",
    "Summary",
    "Uncertainty",
    "Warned",
    "Warnings",
    "empty_figures",
    "exactness",
    "title",
]
