"""Exact per-channel mean and standard deviation of image folders, three ways.

The public names are loaded when first used: importing bnstat imports neither torch nor numpy.

>>> import bnstat
>>> [name for name in bnstat.__all__ if name.islower() and name[0] != "_"][:8]
['batch_norm', 'compare', 'compute', 'duplicates', 'explain', 'export', 'fold', 'load']
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
    SettingError,
    SourceError,
    SpecError,
)
from bnstat.text import Displayed

if TYPE_CHECKING:
    from bnstat.models.fixed_point import PassDone
    from bnstat.result import Stats
    from bnstat.result.explanation import Explanation
    from bnstat.result.found_images import (
        Duplicates,
        EqualImages,
        NearImages,
        NearPair,
        Outlier,
        Outliers,
    )
    from bnstat.result.running_statistics import LayerShift, Recalibration, Sweep
    from bnstat.settings import Progress, RecalibrateSettings, Settings, SweepSettings
    from bnstat.show.comparison import Comparison
    from bnstat.targets.torch_layers import batch_norm, normalize
    from bnstat.verbs.accumulator import Accumulator
    from bnstat.verbs.compare import compare
    from bnstat.verbs.compute import compute
    from bnstat.verbs.duplicates import duplicates
    from bnstat.verbs.explain import explain
    from bnstat.verbs.export import export
    from bnstat.verbs.fold import Folding, fold
    from bnstat.verbs.load import load
    from bnstat.verbs.measuring import measuring
    from bnstat.verbs.merge import merge
    from bnstat.verbs.outliers import outliers
    from bnstat.verbs.plot import plot
    from bnstat.verbs.recalibrate import recalibrate
    from bnstat.verbs.report import report
    from bnstat.verbs.sweep import sweep

__all__ = [
    "Accumulator",
    "BnstatError",
    "Comparison",
    "DocumentError",
    "Duplicates",
    "EqualImages",
    "Explanation",
    "ExportError",
    "Folding",
    "JournalError",
    "LayerShift",
    "MeasureError",
    "MergeError",
    "ModelError",
    "NearImages",
    "NearPair",
    "NothingMeasuredError",
    "Outlier",
    "Outliers",
    "OutputError",
    "PassDone",
    "Progress",
    "RecalibrateSettings",
    "Recalibration",
    "SettingError",
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
    "explain",
    "export",
    "fold",
    "load",
    "measuring",
    "merge",
    "normalize",
    "outliers",
    "plot",
    "recalibrate",
    "report",
    "sweep",
]

_NAMES = {
    "bnstat.models.fixed_point": ["PassDone"],
    "bnstat.result": ["Stats"],
    "bnstat.result.explanation": ["Explanation"],
    "bnstat.result.found_images": [
        *("Duplicates", "EqualImages", "NearImages", "NearPair", "Outlier", "Outliers"),
    ],
    "bnstat.result.running_statistics": ["LayerShift", "Recalibration", "Sweep"],
    "bnstat.settings": ["Progress", "RecalibrateSettings", "Settings", "SweepSettings"],
    "bnstat.show.comparison": ["Comparison"],
    "bnstat.targets.torch_layers": ["batch_norm", "normalize"],
    "bnstat.verbs.accumulator": ["Accumulator"],
    "bnstat.verbs.fold": ["Folding"],
}
_ROOMS = {name: room for room, names in _NAMES.items() for name in names}

# Rooms that are used by a public name of their own.
_MODULES = {"constants": "bnstat.show.constants", "reports": "bnstat.show"}


Displayed._load_renderer = staticmethod(lambda: import_module("bnstat.show.formats"))


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name not in __all__:
        raise AttributeError(f"module 'bnstat' has no attribute {name!r}")
    room = _ROOMS.get(name, f"bnstat.verbs.{name}")  # a verb is in the file of its name
    return getattr(import_module(room), name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, *(name for name in globals() if name.startswith("__"))})
