"""Which report is of which kind of result."""

from __future__ import annotations

from typing import TypeAlias

from bnstat.result import Stats
from bnstat.result.found_images import Duplicates, Outliers
from bnstat.result.recalibration import Recalibration
from bnstat.result.sweep import Sweep
from bnstat.show.blocks import Block
from bnstat.show.comparison import Comparison
from bnstat.show.comparisons import comparison_report
from bnstat.show.found_images import duplicates_report, outliers_report
from bnstat.show.recalibrations import recalibration_report
from bnstat.show.results import result_report
from bnstat.show.sweeps import sweep_report

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
