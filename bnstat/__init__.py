"""Exact per-channel mean and standard deviation of image folders, three ways.

The public names are loaded when first used: importing bnstat imports neither torch nor numpy.

>>> import bnstat
>>> [name for name in bnstat.__all__ if name.islower() and name[0] != "_"][:8]
['batch_norm', 'compare', 'compute', 'duplicates', 'export', 'fold', 'load', 'merge']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bnstat._version import __version__
from bnstat.errors import (
    BnstatError,
    DocumentError,
    ExportError,
    JournalError,
    MeasureError,
    MergeError,
    ModelError,
    NothingMeasuredError,
    OutputError,
    SourceError,
    SpecError,
)

if TYPE_CHECKING:
    from bnstat.api.comparing import compare
    from bnstat.api.computing import compute
    from bnstat.api.deduplicating import duplicates
    from bnstat.api.exporting import export
    from bnstat.api.folding import Folding, fold
    from bnstat.api.loading import load
    from bnstat.api.merging import merge
    from bnstat.api.outlying import outliers
    from bnstat.api.recalibrating import recalibrate
    from bnstat.api.reporting import plot, report
    from bnstat.api.searching import PassDone
    from bnstat.api.sweeping import sweep
    from bnstat.comparison import Comparison
    from bnstat.scan import Progress
    from bnstat.settings import RecalibrateSettings, Settings, SweepSettings
    from bnstat.stats import Stats
    from bnstat.stats.duplicates import Duplicates, EqualImages
    from bnstat.stats.outliers import Outlier, Outliers
    from bnstat.stats.recalibration import LayerShift, Recalibration
    from bnstat.stats.sweep import Sweep
    from bnstat.targets.normalize import normalize
    from bnstat.targets.state_dict import batch_norm

__all__ = [
    "BnstatError",
    "Comparison",
    "DocumentError",
    "Duplicates",
    "EqualImages",
    "ExportError",
    "Folding",
    "JournalError",
    "LayerShift",
    "MeasureError",
    "MergeError",
    "ModelError",
    "NothingMeasuredError",
    "Outlier",
    "Outliers",
    "OutputError",
    "PassDone",
    "Progress",
    "RecalibrateSettings",
    "Recalibration",
    "Settings",
    "SourceError",
    "SpecError",
    "Stats",
    "Sweep",
    "SweepSettings",
    "__version__",
    "batch_norm",
    "compare",
    "compute",
    "duplicates",
    "export",
    "fold",
    "load",
    "merge",
    "normalize",
    "outliers",
    "plot",
    "recalibrate",
    "report",
    "sweep",
]

_ROOMS = {
    "Comparison": "bnstat.comparison",
    "Duplicates": "bnstat.stats.duplicates",
    "EqualImages": "bnstat.stats.duplicates",
    "Folding": "bnstat.api.folding",
    "LayerShift": "bnstat.stats.recalibration",
    "Outlier": "bnstat.stats.outliers",
    "Outliers": "bnstat.stats.outliers",
    "PassDone": "bnstat.api.searching",
    "Progress": "bnstat.scan",
    "RecalibrateSettings": "bnstat.settings",
    "Recalibration": "bnstat.stats.recalibration",
    "Settings": "bnstat.settings",
    "Stats": "bnstat.stats",
    "Sweep": "bnstat.stats.sweep",
    "SweepSettings": "bnstat.settings",
    "batch_norm": "bnstat.targets.state_dict",
    "compare": "bnstat.api.comparing",
    "compute": "bnstat.api.computing",
    "duplicates": "bnstat.api.deduplicating",
    "export": "bnstat.api.exporting",
    "fold": "bnstat.api.folding",
    "load": "bnstat.api.loading",
    "merge": "bnstat.api.merging",
    "normalize": "bnstat.targets.normalize",
    "outliers": "bnstat.api.outlying",
    "plot": "bnstat.api.reporting",
    "recalibrate": "bnstat.api.recalibrating",
    "report": "bnstat.api.reporting",
    "sweep": "bnstat.api.sweeping",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'bnstat' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
