"""Exact per-channel mean and standard deviation of image folders, three ways.

The public names are loaded when first used: importing bnstat imports neither torch nor numpy.

>>> import bnstat
>>> [name for name in bnstat.__all__ if name.islower() and not name.startswith("_")]
['batch_norm', 'compare', 'compute', 'export', 'load', 'merge', 'normalize', 'sweep']
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
    from bnstat.api.exporting import export
    from bnstat.api.loading import load
    from bnstat.api.merging import merge
    from bnstat.api.sweeping import sweep
    from bnstat.comparison import Comparison
    from bnstat.scan import Progress
    from bnstat.settings import Settings, SweepSettings
    from bnstat.stats import Stats
    from bnstat.stats.sweep import Sweep
    from bnstat.targets.normalize import normalize
    from bnstat.targets.state_dict import batch_norm

__all__ = [
    "BnstatError",
    "Comparison",
    "DocumentError",
    "ExportError",
    "JournalError",
    "MeasureError",
    "MergeError",
    "ModelError",
    "NothingMeasuredError",
    "OutputError",
    "Progress",
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
    "export",
    "load",
    "merge",
    "normalize",
    "sweep",
]

_ROOMS = {
    "Comparison": "bnstat.comparison",
    "Progress": "bnstat.scan",
    "Settings": "bnstat.settings",
    "Stats": "bnstat.stats",
    "Sweep": "bnstat.stats.sweep",
    "SweepSettings": "bnstat.settings",
    "batch_norm": "bnstat.targets.state_dict",
    "compare": "bnstat.api.comparing",
    "compute": "bnstat.api.computing",
    "export": "bnstat.api.exporting",
    "load": "bnstat.api.loading",
    "merge": "bnstat.api.merging",
    "normalize": "bnstat.targets.normalize",
    "sweep": "bnstat.api.sweeping",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'bnstat' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
