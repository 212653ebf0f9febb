"""Exact per-channel mean and standard deviation of image folders.

The public names are loaded when first used: importing bnstat imports neither torch nor numpy.

>>> import bnstat
>>> sorted(bnstat.__all__)
['BnstatError', 'Stats', '__version__', 'batch_norm', 'compute', 'load', 'merge', 'normalize']
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bnstat._version import __version__
from bnstat.errors import BnstatError

if TYPE_CHECKING:
    from bnstat.api import compute, load, merge
    from bnstat.stats import Stats
    from bnstat.targets.normalize import normalize
    from bnstat.targets.state_dict import batch_norm

__all__ = [
    "BnstatError",
    "Stats",
    "__version__",
    "batch_norm",
    "compute",
    "load",
    "merge",
    "normalize",
]

_ROOMS = {
    "Stats": "bnstat.stats",
    "batch_norm": "bnstat.targets.state_dict",
    "compute": "bnstat.api",
    "load": "bnstat.api",
    "merge": "bnstat.api",
    "normalize": "bnstat.targets.normalize",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'bnstat' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
