"""How images are measured: the one definition of what can be set.

setting      what is known of one setting: default, range, words
definition   the settings of compute, compare and sweep, as typed keyword arguments
keywords     keyword arguments to complete settings; the signature and docstring of what takes them

The command line has its options from here, the documentation its table. It imports nothing heavy,
so that a command line is parsed at once.
"""

from bnstat.settings.definition import (
    MeasureSettings,
    Mode,
    Order,
    Settings,
    SweepSettings,
    settings_of,
)
from bnstat.settings.keywords import complete, takes_settings
from bnstat.settings.setting import Setting

__all__ = [
    "MeasureSettings",
    "Mode",
    "Order",
    "Setting",
    "Settings",
    "SweepSettings",
    "complete",
    "settings_of",
    "takes_settings",
]
