"""Where images are measured: by workers, or in this process; and what a dataset does not allow."""

from __future__ import annotations

from typing import TypeVar

from bnstat.decode.modes import BANDS
from bnstat.engines import usable_cores
from bnstat.errors import SettingError
from bnstat.settings import MeasureSettings, Settings
from bnstat.sources.frames import FIRST
from bnstat.sources.sources import Sources

S = TypeVar("S", bound=MeasureSettings)


def where_it_runs(sources: Sources, settings: S, *, costly: bool) -> S:
    """Return settings by which what workers cannot be sent is measured in this process.

    Raises
    ------
    SettingError
        If it should be ended after a time, or measured on a cluster.
    """
    if settings["engine"] != "processes":
        if sources.dataset is not None or not sources.send(costly=False):
            raise SettingError("a dataset is measured on this machine; leave out --engine")
        return settings
    killable = bool(settings["timeout"])
    if (settings["workers"] or usable_cores()) == 1 and not killable:
        return settings
    if sources.send(costly=costly or killable):
        return settings
    if killable:
        raise SettingError("a time limit ends workers, which this dataset cannot be sent to")
    return {**settings, "workers": 1}  # type: ignore[return-value]


def check_dataset(settings: Settings, *, journal: bool) -> None:
    """Refuse what does not go with a dataset, before any item is drawn."""
    if journal:
        raise SettingError("a journal knows images by keys that stay; a dataset has only numbers")
    if settings["mode"] == BANDS:
        raise SettingError("mode bands is of rasters, and a dataset gives decoded images")
    if settings["frames"] != FIRST:
        raise SettingError("frames are of files, and a dataset gives decoded images")
