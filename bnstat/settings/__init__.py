"""How images are measured: the one definition of what can be set.

setting      what is known of one setting: default, range, words; sizes and shards as typed
images       which images are measured, which of their pixels, and how often
samples      how many, which are alike, how sure the figures are; images in items of datasets
running      where the work runs, what is too large or too slow, how far it is
commands     the settings of compute, compare, sweep and recalibrate; keyword arguments to complete
             settings; the signature and docstring of what takes them

The command line has its options from here, the documentation its table. It imports nothing heavy,
so that a command line is parsed at once.
"""

from bnstat.settings.commands import (
    MeasureSettings,
    Order,
    RecalibrateSettings,
    Settings,
    SweepSettings,
    complete,
    settings_of,
    takes_settings,
)
from bnstat.settings.images import Mode
from bnstat.settings.running import Progress, listener
from bnstat.settings.samples import check_until
from bnstat.settings.setting import Setting, bytes_of, shard_of

__all__ = [
    "MeasureSettings",
    "Mode",
    "Order",
    "Progress",
    "RecalibrateSettings",
    "Setting",
    "Settings",
    "SweepSettings",
    "bytes_of",
    "check_until",
    "complete",
    "listener",
    "settings_of",
    "shard_of",
    "takes_settings",
]
