"""The result document: what compute found, as values (`Stats`) and as JSON (`bnstat.json`).

estimates    mean and variance of a method, and how sure they are
groups       the figures of images under one label
methods      the one table of methods
inputs       what was measured: sources, selection, sample, pipeline
sketch       hashes of images, by which results tell what they share
summary      what is in the folder: sizes, formats, modes
contents     what a document says, of these
document     its JSON; reading and node check what is read
stats        a result, in memory, in a file and on a few lines
plots        the pictures that a result has by itself
tables       records: a row for each image and draw

Of other commands: found_images (outliers and duplicates), recalibration, sweep.
"""

from bnstat.result.contents import exactness
from bnstat.result.estimates import (
    BatchNormEstimate,
    Corrected,
    Estimate,
    Floats,
    ImageSums,
    MeanAndStd,
    NoEstimateError,
    OrderStatistics,
    OverChannels,
    PairedMargins,
    Uncertainty,
)
from bnstat.result.groups import Group
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
from bnstat.result.methods import EXACT, METHODS, Method, empty_figures
from bnstat.result.sketch import Sketch
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
