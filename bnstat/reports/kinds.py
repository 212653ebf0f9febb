"""Which report is of which kind of result."""

from __future__ import annotations

from typing import TypeAlias

from bnstat.comparison import Comparison
from bnstat.reports.blocks import Block
from bnstat.reports.comparisons import comparison_report
from bnstat.reports.found_images import duplicates_report, outliers_report
from bnstat.reports.recalibrations import recalibration_report
from bnstat.reports.results import result_report
from bnstat.reports.sweeps import sweep_report
from bnstat.stats import Stats
from bnstat.stats.duplicates import Duplicates
from bnstat.stats.outliers import Outliers
from bnstat.stats.recalibration import Recalibration
from bnstat.stats.sweep import Sweep

Reportable: TypeAlias = Stats | Comparison | Sweep | Recalibration | Outliers | Duplicates


def report(result: Reportable, *, verbose: bool = False) -> tuple[Block, ...]:
    """Return what a result, a comparison or a sweep says; with `verbose` all of it."""
    match result:
        case Stats():
            return result_report(result, verbose=verbose)
        case Comparison():
            return comparison_report(result, verbose=verbose)
        case Sweep():
            return sweep_report(result, verbose=verbose)
        case Recalibration():
            return recalibration_report(result, verbose=verbose)
        case Outliers():
            return outliers_report(result)
        case Duplicates():
            return duplicates_report(result)
