"""Result documents as sources: what they were measured with, and whether they still hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bnstat.api.sources import sources_of
from bnstat.errors import SourceError
from bnstat.images.urls import is_url
from bnstat.settings import Settings, complete, settings_of
from bnstat.stats import BatchNormEstimate, Stats

DOCUMENT = "bnstat.json"


def is_document(name: str) -> bool:
    """Whether a source names a result document, not images; "-" is one on standard input."""
    return name == "-" or name.endswith(".json")


def settings_for(stats: Stats, given: Mapping[str, Any]) -> Settings:
    """Return the settings of a result, with those that are given instead of its own.

    Raises
    ------
    SourceError
        If its own have no meaning here.
    """
    try:
        return complete(Settings, given, recorded(stats))
    except ValueError as error:
        raise SourceError(f"cannot measure as the result says it was: {error}") from error


def recorded(stats: Stats) -> dict[str, Any]:
    """Return the settings that a result has recorded."""
    batchnorm = stats.methods.get("batchnorm")
    replayed = batchnorm if isinstance(batchnorm, BatchNormEstimate) else None
    places = {
        "result": stats,
        "selection": stats.selection,
        "pipeline": stats.pipeline,
        "batchnorm": replayed,
    }
    return {
        name: getattr(places[setting.recorded_in], name)
        for name, setting in settings_of(Settings).items()
        if setting.recorded_in and places[setting.recorded_in] is not None
    }


def still_holds(stats: Stats, settings: Settings) -> bool:
    """Whether measuring a plain result's images with these settings would give it again.

    Files are looked at, by name, size and time of change; none is opened.
    """
    used: Mapping[str, Any] = settings
    own: Mapping[str, Any] = settings_for(stats, {})
    if any(own[name] != used[name] for name, s in settings_of(Settings).items() if s.recorded_in):
        return False
    total = sum(reference.fingerprint() for reference in sources_of(stats, settings)) % 2**256
    return f"{total:064x}" == stats.source.fingerprint


def is_plain_result_of(stats: Stats, location: str) -> bool:
    """Whether a result is of this one source, seen from here, whole and plain."""
    source = stats.source
    if source.locations != (location,) or source.files_from or source.shards:
        return False
    there = os.path.join(stats.source.cwd, location)
    same = is_url(os.fsencode(location)) or os.path.realpath(there) == os.path.realpath(location)
    return stats.pipeline.spec is None and same
