"""What was measured before: where its images are, how, and whether they are still the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from bnstat.api.measuring import opened
from bnstat.errors import SourceError
from bnstat.images import Sources
from bnstat.images.urls import is_url
from bnstat.settings import MeasureSettings, Settings, complete, settings_of
from bnstat.stats import BatchNormEstimate, Stats

DOCUMENT = "bnstat.json"


def is_document(name: str) -> bool:
    """Whether a source names a result document, not images; "-" is one on standard input."""
    return name == "-" or name.endswith(".json")


def located(source: str | os.PathLike[str] | Stats, settings: MeasureSettings) -> Sources:
    """Return the images of a folder or file, or those that a result was made of.

    Raises
    ------
    SourceError
        If the result does not say where they are: it is of a list from standard input, or names
        what no file can be called.
    """
    if not isinstance(source, Stats):
        return opened(settings, [source])
    listed = source.source.files_from
    if listed is not None and not listed.again:
        raise SourceError(
            "the images of this result came as a list on standard input, which cannot be read "
            "again, or as several lists; name a SOURCE"
        )
    locations, cwd, shards = source.source.locations, source.source.cwd, source.source.shards
    if not locations:
        raise SourceError("the result does not say where its images are; name a SOURCE")
    try:
        if listed is None:
            return opened(settings, locations, cwd=cwd, shards=shards)
        return opened(settings, [], locations[0], listed.null, listed.root, cwd, shards)
    except ValueError as error:  # NUL, or half of a surrogate pair
        raise SourceError(f"the result names what no file can be called: {error}") from error


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
    """Return the settings that a result tells."""
    batchnorm = stats.methods.get("batchnorm")
    replayed = batchnorm if isinstance(batchnorm, BatchNormEstimate) else None
    places = {"result": stats, "pipeline": stats.pipeline, "batchnorm": replayed}
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
    total = sum(reference.fingerprint() for reference in located(stats, settings)) % 2**256
    return f"{total:064x}" == stats.source.fingerprint


def is_of(stats: Stats, location: str) -> bool:
    """Whether a result is of this one source, seen from here, whole and plain."""
    source = stats.source
    if source.locations != (location,) or source.files_from or source.shards:
        return False
    there = os.path.join(stats.source.cwd, location)
    same = is_url(os.fsencode(location)) or os.path.realpath(there) == os.path.realpath(location)
    return stats.pipeline.spec is None and same
